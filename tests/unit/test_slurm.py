"""What SLURM does not say any more: a job counts as finished by its files, or is given up."""

from types import SimpleNamespace

import snakemake_executor_plugin_slurm as plugin

from multisource.slurm import PATIENCE_S, _Answers, adapt_plugin, is_made, stamps


def job(*outputs):
    return SimpleNamespace(output=outputs, is_group=lambda: False)


def group(*jobs):
    for number, one in enumerate(jobs):
        one.rule = SimpleNamespace(name=f"rule_{number}")
    return SimpleNamespace(jobs=jobs, is_group=lambda: True)


def test_only_files_written_since_the_submission_count(tmp_path):
    old, new = tmp_path / "old.nc", tmp_path / "new.nc"
    old.write_text("of the run before")
    both = group(job(str(old)), job(str(new)))
    before = stamps(both)
    new.write_text("made")
    assert not is_made(both, before), "the old file is not this job's"
    # As every step writes: under another name, then renamed.
    part = tmp_path / "part.nc"
    part.write_text("of the run before")
    part.replace(old)
    assert is_made(both, before)
    new.unlink()
    assert not is_made(both, before)


def test_job_is_given_up_only_after_answers_that_do_not_name_it():
    answers = _Answers()
    assert not answers.is_lost("7", now=0.0), "nothing has been answered"
    answers.named = {"7", "8"}
    assert not answers.is_lost("7", now=0.0)
    answers.named = {"8"}
    # The time before it was first missed does not count: the run may have slept.
    assert not answers.is_lost("7", now=9999.0)
    assert not answers.is_lost("7", now=9999.0 + PATIENCE_S - 1)
    assert answers.is_lost("7", now=9999.0 + PATIENCE_S)
    answers.named = {"7"}
    assert not answers.is_lost("7", now=99999.0), "named again"
    answers.named = {"9"}
    assert not answers.is_lost("9_3", now=0.0), "a task of an array is named by its array"


def test_plugin_is_as_it_was_adapted_to():
    """All that is changed exists in the pinned version, and is changed once."""
    adapt_plugin()
    names = ("check_active_jobs", "run_job_pre", "print_job_error", "get_account_arg")
    changed = [getattr(plugin.Executor, name) for name in (*names, "__post_init__")]
    changed += [plugin.query_job_status, plugin.is_query_tool_available]
    assert all(hasattr(function, "__wrapped__") for function in changed)
    adapt_plugin()
    assert plugin.Executor.check_active_jobs is changed[0]
    # Without an account SLURM takes the user's own; the plugin's guess is not made.
    resources = SimpleNamespace(resources={})
    assert list(plugin.Executor.get_account_arg(None, resources)) == [""]
