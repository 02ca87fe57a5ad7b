# The same commands as on a laptop, with hashed static files and without root.
FROM python:3.13-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev make && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY . .
# The database driver for PostgreSQL is installed too, so that DATABASE_URL may be set when the container starts.
RUN DATABASE_URL=postgres:// make install compile && rm -rf node_modules .setup.lock
RUN DATA_DIR=/tmp/build STATIC_HASHED=1 STATIC_ROOT=/app/staticfiles \
    .venv/bin/python manage.py collectstatic --noinput --verbosity 0

FROM python:3.13-slim
RUN useradd --create-home --uid 1000 netsplit && mkdir /data && chown netsplit /data
COPY --from=build --chown=netsplit /app /app
WORKDIR /app
ENV DATA_DIR=/data HOST=0.0.0.0 PORT=8000 WATCH=0 INSTALL=0 STATIC_HASHED=1 STATIC_ROOT=/app/staticfiles
USER netsplit
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --start-period=20s CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz')"
# What `make run` calls; as the first process it gets the signals itself.
CMD ["sh", "scripts/python.sh", "scripts/do.py", "run"]
