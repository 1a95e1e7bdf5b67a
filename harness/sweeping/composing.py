"""Composition: from Hydra overrides to a validated run, fast enough for thousands of points.

Hydra composes the defaults once, and a point takes its choices from their files; where choices reach
beyond their own group (experiments do), Hydra composes them together. A plain value that
replaces another is then set beside them (`choices`); anything else that an override can say (adding,
deleting, merging, references) is left to Hydra's own code.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from functools import lru_cache
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from hydra.core.plugins import Plugins
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from harness.config import GROUPS, RunConfig, validate
from harness.errors import ConfigurationError, nearest
from harness.library import names, read
from harness.locations import CONF
from harness.sweeping.choices import Choices, is_plain, replaced

SESSION = ("executor", "tracking", "sweep", "study", "checks")
"""Keys that say how runs are checked, trained, tracked and reported; a run itself does not have them."""


PRIMARY = "config"


class Composer:
    """Composes points of a grid with one configuration loader.

    Parameters
    ----------
    loader : ConfigLoader
        Hydra's, with conf/ on its search path.
    fixed : sequence of str
        Overrides of Hydra's own node, given to every composition.
    """

    def __init__(self, loader: ConfigLoader, fixed: Sequence[str] = ()) -> None:
        self.loader = loader
        self.fixed = list(fixed)
        self.parser = OverridesParser.create(config_loader=loader)
        self._bases: dict[tuple[str, ...], tuple[DictConfig, dict[str, Any]]] = {}
        self._wholes: dict[tuple[str, ...], dict[str, Any]] = {}
        self._parts: dict[str, Any] = {}
        self._primary: frozenset[str] | None = None
        self._choices = Choices()
        self._parsed: dict[str, Override] = {}
        self._groups = frozenset(loader.list_groups(""))

    def parse(self, override: str) -> Override:
        """Return one parsed override; raise ConfigurationError if it cannot be read."""
        if override not in self._parsed:
            try:
                self._parsed[override] = self.parser.parse_overrides([override])[0]
            except HydraException as error:
                first = str(error).strip().splitlines()[0]
                raise ConfigurationError(f"override {override!r}: {first}") from None
        return self._parsed[override]

    def is_group(self, override: Override) -> bool:
        """Return whether an override chooses a file of a group."""
        return override.key_or_group in self._groups or "/" in override.key_or_group

    def check(self, override: str) -> None:
        """Refuse what is no choice of a group: a list, which Hydra would take, or nothing."""
        parsed = self.parse(override)
        if self.is_group(parsed) and (wrong := no_choice(parsed, self.loader)):
            raise wrong

    def choices(self, override: str) -> list[str]:
        """Return one override for each value of a sweep; of a plain override, itself."""
        parsed = self.parse(override)
        if not parsed.is_sweep_override():
            return [override]
        if not parsed.is_discrete_sweep():
            raise ConfigurationError(
                f"{override}: an interval has no list of values; allowed: a,b,c or range(start, stop)"
            )
        found = [f"{parsed.get_key_element()}={value}" for value in parsed.sweep_string_iterator()]
        if not found:
            raise ConfigurationError(f"the grid is empty: {override} has no values")
        return found

    def chosen(self, override: str) -> str:
        """Return the name of what a group's override chooses: of an alias, what it stands for."""
        choice = self._container([override])[self.parse(override).key_or_group]
        return str(choice["name"])

    def session(self, overrides: Sequence[str]) -> dict[str, Any]:
        """Return the keys of `SESSION`, as a plain container."""
        container = self._container(overrides)
        return {key: container[key] for key in SESSION}

    def compose(self, overrides: Sequence[str]) -> RunConfig:
        """Return the run that `overrides` make of the defaults.

        Raises
        ------
        ConfigurationError
            One line for whatever is wrong.
        """
        groups, values = self._sorted(overrides)
        shared = {key: part for key, part in self._chosen(groups).items() if key not in SESSION}
        run = self._choices.run(shared, values)
        if run is not None:
            return run
        container = self._container(overrides)
        return validate({key: value for key, value in container.items() if key not in SESSION})

    def _sorted(self, overrides: Sequence[str]) -> tuple[list[Override], list[Override]]:
        """Return the overrides that choose files of groups, and those that set values."""
        for text in overrides:
            self.check(text)
        parsed = [self.parse(override) for override in overrides]
        groups = [override for override in parsed if self.is_group(override)]
        return groups, [override for override in parsed if not self.is_group(override)]

    def _container(self, overrides: Sequence[str]) -> dict[str, Any]:
        groups, values = self._sorted(overrides)
        made = replaced(self._chosen(groups), values)
        if made is not None:
            return deepcopy(made)
        base, plain = self._base(_lines(groups))
        whole = deepcopy(base)
        self._apply(values, whole, plain)
        return _plain(whole)

    def _chosen(self, groups: Sequence[Override]) -> dict[str, Any]:
        """Return what group choices make of the defaults: each by itself where none reaches further.

        Points share what is returned: it must not be changed.
        """
        lines = _lines(groups)
        if lines not in self._wholes:
            keys = [override.key_or_group for override in groups]
            parts = [self._alone(override) for override in groups]
            if None in parts or len(set(keys)) < len(keys):
                self._wholes[lines] = self._base(lines)[1]
            else:
                self._wholes[lines] = self._base(())[1] | dict(zip(keys, parts, strict=True))
        return self._wholes[lines]

    def _alone(self, override: Override) -> Any:
        """Return what a choice, made alone, puts in the place of its group; None if it changes more."""
        line, key = str(override.input_line), override.key_or_group
        if line not in self._parts:
            defaults, part = self._base(())[1], None
            if override.type is OverrideType.CHANGE and override.package is None and key in defaults:
                part = self._content(key, override.value())
                if part is None:
                    alone = self._base((line,))[1]
                    part = alone[key] if alone == defaults | {key: alone.get(key)} else None
            self._parts[line] = part
        return self._parts[line]

    def _content(self, group: str, name: Any) -> dict[str, Any] | None:
        """Return a choice's file if its content is what Hydra would compose, in a fraction of the time.

        It is not where the file has defaults, a package of its own or references, or where the primary
        file sets keys of the group. This is the one place that reads Hydra's own repository.
        """
        if not isinstance(self.loader, ConfigLoaderImpl) or not isinstance(name, str):
            return None
        if self._primary is None:
            primary = self.loader.repository.load_config(PRIMARY)
            self._primary = frozenset(map(str, primary.config)) if primary is not None else frozenset()
        found = self.loader.repository.load_config(f"{group}/{name}")
        if found is None or found.defaults_list or found.header["package"] or group in self._primary:
            return None
        content = OmegaConf.to_container(found.config)
        if not content or not isinstance(content, dict) or not all(map(is_plain, content.values())):
            return None
        return {str(key): value for key, value in content.items()}

    def _base(self, groups: tuple[str, ...]) -> tuple[DictConfig, dict[str, Any]]:
        if groups not in self._bases:
            try:
                config = self.loader.load_configuration(
                    config_name=PRIMARY,
                    overrides=[*self.fixed, *groups],
                    run_mode=RunMode.RUN,
                )
            except MissingConfigException as error:
                raise missing_choice(error) from None
            except (ConfigCompositionException, OmegaConfBaseException) as error:
                raise ConfigurationError(one_line(error)) from None
            OmegaConf.set_struct(config, False)
            del config["hydra"]
            OmegaConf.set_struct(config, True)
            self._bases[groups] = (config, _plain(config))
        return self._bases[groups]

    def _apply(self, values: list[Override], config: DictConfig, plain: Mapping[str, Any]) -> None:
        """Apply plain values to `config`: the one place that calls Hydra's private function."""
        for override in values:
            try:
                ConfigLoaderImpl._apply_overrides_to_config([override], config)
            except ConfigCompositionException as error:
                raise unknown_key(override.key_or_group, plain, error) from None


def _lines(overrides: Sequence[Override]) -> tuple[str, ...]:
    return tuple(str(override.input_line) for override in overrides)


def _plain(config: DictConfig) -> dict[str, Any]:
    try:
        container = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise ConfigurationError(one_line(error)) from None
    assert isinstance(container, dict)
    return {str(key): value for key, value in container.items()}


def no_choice(override: Override, loader: ConfigLoader) -> ConfigurationError | None:
    """Return the line for a list, or nothing, where a group takes one choice."""
    value, group = override.value(), override.key_or_group
    if value is None and override.type is not OverrideType.DEL:
        options = ", ".join(loader.get_group_options(group))
        return ConfigurationError(f"{group} = null: not a choice; allowed: {options}")
    if not isinstance(value, list):
        return None
    remedy = f"{group}={','.join(map(str, value))} with -m for a grid"
    if group == "activation":
        remedy += f"; architecture.activations=[{','.join(map(str, value))}] for one a layer"
    return ConfigurationError(f"{group} = {value}: a group takes one choice; allowed: {remedy}")


def launcher_refused(name: str) -> ConfigurationError:
    """Return the line for a launcher of Hydra's, which would train one run a process."""
    return ConfigurationError(
        f"hydra/launcher = {name!r}: not used here, runs train in stacks; allowed: "
        "executor=processes or executor=serial"
    )


def missing_choice(error: MissingConfigException) -> ConfigurationError:
    """Return the line for a choice that a group does not have."""
    group, _, name = str(error.missing_cfg_file).rpartition("/")
    options = sorted(error.options or [])
    if group == "hydra/launcher":
        return launcher_refused(name)
    if group == "study" and name in names():
        try:
            read(name)
        except ConfigurationError as wrong:
            return wrong
    elsewhere = [other for other, registry in GROUPS.items() if name in registry and other != group]
    offer = f"; did you mean {elsewhere[0]}={name}?" if elsewhere else nearest(name, options)
    return ConfigurationError(f"{group} = {name!r}: not known; allowed: {', '.join(options)}{offer}")


def unknown_key(key: str, plain: Mapping[str, Any], error: Exception) -> ConfigurationError:
    """Return the line for a key that the point being composed does not have."""
    group, _, field = key.partition(".")
    if group in GROUPS and field:
        having = sorted(
            name
            for name, choice in GROUPS[group].items()
            if field in getattr(choice, "__dataclass_fields__", {})
        )
        chosen = plain.get(group, {}).get("name")
        known = sorted(name for name in plain.get(group, {}) if name != "name")
        if having and chosen not in having:
            return ConfigurationError(
                f"{key}: {group}={chosen} has no such key; the choices that have it: {', '.join(having)}"
            )
        if field not in known:
            return ConfigurationError(
                f"{key}: unknown key of {group}={chosen}; allowed: {', '.join(known)}{nearest(field, known)}"
            )
    known = sorted(_dotted(plain))
    if key in known:
        return ConfigurationError(f"{key}: {one_line(error)}")
    return ConfigurationError(f"{key}: unknown key{nearest(key, known)}")


def _dotted(plain: Mapping[str, Any], path: str = "") -> Iterable[str]:
    for key, value in plain.items():
        yield f"{path}{key}"
        if isinstance(value, dict):
            yield from _dotted(value, f"{path}{key}.")


def one_line(error: BaseException) -> str:
    """Return what an exception says, and what caused it, on one line."""
    text = " ".join(str(error).split())
    cause = " ".join(str(error.__cause__).split()) if error.__cause__ else ""
    return f"{text} {cause}".strip() if cause not in text else text


@lru_cache(maxsize=1)
def default_composer() -> Composer:
    """Return a composer over conf/, for use from Python, within another Hydra app too."""
    # Hydra's initialize_config_dir refuses where an app is running already.
    Plugins.instance()
    loader = ConfigLoaderImpl(create_config_search_path(str(CONF)))
    return Composer(loader, ["hydra.job.name=harness"])


def compose(overrides: Sequence[str] = ()) -> RunConfig:
    """Return one validated run.

    Parameters
    ----------
    overrides : sequence of str
        As on the command line: ``["activation=relu", "optimizer.learning_rate=0.3", "seed=7"]``.

    Raises
    ------
    ConfigurationError
        One line naming the key, the value, what is allowed and the nearest known name.
    """
    return default_composer().compose(overrides)
