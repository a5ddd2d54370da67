"""Low-light photo enhancement: the command ``lle``, and this Python API.

>>> import lowlight_cli as lle
>>> sorted(lle.__all__)
['Model', 'ModelOptions', '__version__', 'enhance', 'enhance_files', 'evaluate', 'load']
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lowlight_cli.api import Model, ModelOptions, enhance, enhance_files, evaluate, load

    __version__: str

__all__ = ["Model", "ModelOptions", "__version__", "enhance", "enhance_files", "evaluate", "load"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as PEP 562 has it
    # Each command of the program imports this package, and must not wait for the API.
    if name == "__version__":
        from lowlight_cli.versions import version_of

        return version_of("lowlight-cli") or "uninstalled"
    if name in __all__:
        from lowlight_cli import api

        return getattr(api, name)
    raise AttributeError(f"module 'lowlight_cli' has no attribute '{name}'")
