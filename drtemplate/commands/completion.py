"""``generate.py completion``: what a shell needs to complete commands, options and choices."""

import argparse
import pkgutil
from collections.abc import Iterator
from importlib import import_module

from drtemplate import commands
from drtemplate.commands import FINE, add_settings
from drtemplate.console import show
from drtemplate.settings import Settings

_SCRIPT = """\
# bash and zsh: source <(python generate.py completion), then ./generate.py and the tab key.
if [ -n "${{ZSH_VERSION-}}" ]; then autoload -U +X compinit bashcompinit && compinit && bashcompinit; fi
_drtemplate() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} words=
  if [ "$COMP_CWORD" = 1 ]; then words="{commands}"; else
    case "${{COMP_WORDS[1]}}" in
{options}
    esac
    case "${{COMP_WORDS[1]}} ${{COMP_WORDS[COMP_CWORD-1]}}" in
{values}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _drtemplate generate.py"""


def add_options(_: argparse.ArgumentParser) -> None:
    """It takes nothing."""


def run(_: argparse.Namespace, __: Settings) -> int:
    """Print the script; a command whose packages are missing has its name completed, and no more."""
    known = dict(_parsers())
    options = [f'      {name}) words="{" ".join(_words(one))}" ;;' for name, one in known.items()]
    # After an option with a value: its choices, or nothing, and then the shell completes files.
    values = [
        f'      "{name} {word}") words="{" ".join(action.choices or ())}" ;;'
        for name, parser in known.items()
        for action in parser._actions
        for word in action.option_strings
        if action.nargs != 0
    ]
    show(
        _SCRIPT.format(
            commands=" ".join(known), options="\n".join(options), values="\n".join(values)
        )
    )
    return FINE


def _parsers() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for each in pkgutil.iter_modules(commands.__path__):
        parser = argparse.ArgumentParser()
        try:
            module = import_module(f"{commands.__name__}.{each.name}")
            if not hasattr(module, "add_options"):
                continue
            module.add_options(parser)
            add_settings(parser)
        except ModuleNotFoundError:
            pass
        yield each.name, parser


def _words(parser: argparse.ArgumentParser) -> list[str]:
    return [word for action in parser._actions for word in action.option_strings]
