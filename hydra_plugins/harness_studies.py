"""Where Hydra finds the group `study`: the files of sweeps/, read when one of them is asked for.

They are not in Hydra's `ConfigStore`, since Hydra copies all of that several times per command. As in
every module of this namespace package, what takes long to import waits until it is needed.
"""

from pathlib import Path
from typing import Any

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigLoadError, ConfigResult, ConfigSource
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import OmegaConf

from harness.errors import ConfigurationError
from harness.locations import CONF

GROUP = "study"


class StudySource(ConfigSource):
    """The studies that can be read, each as `study/NAME`."""

    @staticmethod
    def scheme() -> str:
        """Return what its place in the search path begins with."""
        return "sweeps"

    def available(self) -> bool:
        """Return that it is there: without a study it is an empty group."""
        return True

    def load_config(self, config_path: str) -> ConfigResult:
        """Return the content of a study."""
        try:
            content = _read(config_path)
        except ConfigurationError as error:
            raise ConfigLoadError(str(error)) from None
        return ConfigResult(
            provider=self.provider, path=self.path, config=OmegaConf.create(content), header={"package": None}
        )

    def is_group(self, config_path: str) -> bool:
        """Return whether it is `study`, or the root above it."""
        return config_path.strip("/") in ("", GROUP)

    def is_config(self, config_path: str) -> bool:
        """Return whether a study is there and can be read.

        Who asks for another is told what is wrong with it (`composing.missing_choice`).
        """
        if Path(config_path).parent != Path(GROUP):
            return False
        try:
            _read(config_path)
        except ConfigurationError:
            return False
        return True

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        """Return what the studies are called, or the group where the root is asked for."""
        if config_path.strip("/") == GROUP:
            from harness import library

            return library.names() if results_filter is not ObjectType.GROUP else []
        return [GROUP] if results_filter is not ObjectType.CONFIG else []


class StudiesInSearchPath(SearchPathPlugin):
    """Adds the studies to this harness's configuration, and to no other application's."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Append the studies where conf/ is searched."""
        if any(Path(entry.path.removeprefix("file://")) == CONF for entry in search_path.get_path()):
            search_path.append(provider="regime-harness", path=f"{StudySource.scheme()}://")


def _read(config_path: str) -> dict[str, Any]:
    from harness import library

    return library.read(Path(config_path).name.removesuffix(".yaml"))
