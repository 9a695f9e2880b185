"""A wrong configuration is refused before any job."""


def test_workflow_refuses_before_any_job(fresh):
    run = fresh.snakemake("--cores", "1", config=fresh.with_config("simulation", "boots", value=3))
    assert run.returncode != 0
    output = run.stdout + run.stderr
    assert "unknown key 'simulation.boots': did you mean 'boost'?" in output
    assert "Traceback" not in output
    assert not (fresh.folder / "results").exists()
