"""``python -m multisource.submissions``: check or score estimates that were made elsewhere."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from multisource.errors import UserError


def main() -> None:
    """Check a submission, score it beside the other methods, or verify a frozen set."""
    parser = argparse.ArgumentParser(
        prog="python -m multisource.submissions", description=main.__doc__
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for word, text in (
        ("check", "is the submission complete, and for these windows?"),
        ("score", "check it, score it with every metric, write <submission>/scores/"),
    ):
        command = commands.add_parser(word, help=text, description=text)
        command.add_argument("submission", help="folder with submission.yaml and <test set>.nc")
        command.add_argument("frozen", help="folder of the frozen set")
        command.add_argument("--name", help="how tables call it; by default the folder's name")
    command = commands.add_parser("verify", help="are a frozen set's files those of a list?")
    command.add_argument("frozen", help="folder of the frozen set")
    command.add_argument("list", nargs="?", help="checksums; by default its own SHA256SUMS")
    arguments = parser.parse_args()
    try:
        print(_done(arguments))
    except UserError as error:
        sys.exit(str(error))


def _done(arguments: argparse.Namespace) -> str:
    from multisource.submissions.frozen import CHECKSUMS, check_checksums, read_checksums

    frozen = Path(arguments.frozen)
    if arguments.command == "verify":
        listed = read_checksums(arguments.list or frozen / CHECKSUMS)
        check_checksums(frozen, listed, hidden=(frozen / "truth").is_dir())
        return f"{frozen}: {len(listed)} files as listed"
    from multisource.evaluation.heads import metric_frame
    from multisource.submissions.scoring import check, write_scores

    folder = Path(arguments.submission)
    name = arguments.name or folder.resolve().name
    if arguments.command == "check":
        card = check(folder, frozen)
        return f"{folder}: complete ({card.method}; {', '.join(card.authors)})"
    table = write_scores(folder, frozen, name=name)
    shown = metric_frame(table, "fraction_active").to_markdown(index=False)
    return f"FractionActive, median over the windows:\n\n{shown}\n\nmore: {folder}/scores/"


if __name__ == "__main__":
    main()
