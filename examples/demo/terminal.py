"""What the demo prints: data on stdout, interjections beside the live line on stderr."""
import os
import pathlib
import sys

COLOURS = sys.stdout.isatty() and sys.stderr.isatty() and "NO_COLOR" not in os.environ
BOLD, RED, GREEN, YELLOW = "1", "1;31", "1;32", "33"


class DemoFailed(Exception):
    """What went wrong, for people."""


def paint(colour, text):
    return f"\033[{colour}m{text}\033[0m" if COLOURS else text


def shown(path):
    """The path as one would type it here."""
    path = pathlib.Path(path)
    return str(path.relative_to(pathlib.Path.cwd())) if path.is_relative_to(pathlib.Path.cwd()) else str(path)


def say(text="", colour=None):
    print(paint(colour, text) if colour else text, flush=True)


def interject(text, colour):
    """A line of its own while `millrace run` keeps rewriting its live line on the same terminal."""
    print(("\r\033[K" if sys.stderr.isatty() else "") + paint(colour, text), file=sys.stderr, flush=True)
