# Every target is one call of a standard-library script; `make help` lists them.
# PYTHON=, PORT=, HOST=, DATA_DIR= may be given on the command line or in the environment.
DO = @sh scripts/python.sh scripts/do.py

.PHONY: help run stop reset admin install setup compile test fidelity gallery explore bench-browser check format screenshots lock
help: ; $(DO) help
run: ; $(DO) run
stop: ; $(DO) stop
reset: ; $(DO) reset
admin: ; $(DO) admin
install: ; $(DO) install
setup: ; $(DO) setup
compile: ; $(DO) compile
test: ; $(DO) test
fidelity: ; $(DO) fidelity
gallery: ; $(DO) gallery
explore: ; $(DO) explore
bench-browser: ; $(DO) bench-browser
check: ; $(DO) check
format: ; $(DO) format
screenshots: ; $(DO) screenshots
lock: ; $(DO) lock
