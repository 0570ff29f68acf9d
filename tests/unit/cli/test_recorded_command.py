"""The command line that the records hold."""

import click
from click.testing import CliRunner

from emo_core.cli.terminal import recorded_command


@click.command("try-it")
@click.argument("things", nargs=-1)
@click.option("--weights", multiple=True)
@click.option("--plain", is_flag=True)
def command(things, weights, plain):
    print(recorded_command())


def test_what_is_given_several_times_is_written_several_times():
    words = ["one", "two words", "--weights", "a.npz", "--weights", "b.npz", "--plain"]
    written = CliRunner().invoke(command, words).output.strip()
    assert written == "python -m emo_core try-it one 'two words' --weights a.npz --weights b.npz --plain"
