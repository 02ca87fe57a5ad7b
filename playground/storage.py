"""Static files under hashed names, our ES modules' imports included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

_glob, MODULE_IMPORTS = CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Imports are rewritten in our own scripts only: other packages bring some that are not meant to resolve."""

    max_post_process_passes = 20  # a module's name is known a pass after those it imports
    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", MODULE_IMPORTS))
