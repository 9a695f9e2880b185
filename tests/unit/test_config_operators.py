"""Operators by name: what each is, and which one a split, a scenario or a solver is given."""

from config_case import changed, default, mistakes

from multisource.config.operators import (
    operator_settings,
    operators,
    settings_told,
    solver_operators,
)
from multisource.config.recordings import recording_methods
from multisource.config.solvers import call_settings, proposing_network


def test_an_operator_is_its_method_but_for_what_it_states():
    config = changed(
        "leadfield.variants",
        {
            "soft": {"conductivity": {"skull": 0.02}, "electrode_error_mm": 5, "seed": 1},
            "shells": {"method": "bem", "ico": 2},
        },
    )
    config["simulation"]["splits"]["robust"]["operator"] = ["fem", "soft", "shells"]
    assert mistakes(config) == []
    fem, bem = config["leadfield"]["fem"], config["leadfield"]["bem"]
    soft = {**fem, "conductivity": {**fem["conductivity"], "skull": 0.02}}
    assert operator_settings(config, "soft") == soft
    assert operator_settings(config, "shells") == {**bem, "ico": 2}
    assert operator_settings(config, "fem") == fem
    assert operators(config, "robust") == ["fem", "soft", "shells"]
    assert operators(config, "train") == operators(config, "scenarios") == ["fem"]


def test_a_solver_is_given_the_operator_of_each_scenario_or_refused():
    config = default()
    config["simulation"]["scenarios"]["operator"] = "bem"
    given = solver_operators(config, "ceiling")
    assert (given["test"], given["test_bem"], given["A"]) == ("fem", "bem", "bem")
    assert set(solver_operators(config, "patch_posterior").values()) == {"bem"}
    config["simulation"]["splits"]["test"]["operator"] = ["fem", "bem"]
    (line,) = mistakes(config)
    assert "inverse.settings.ceiling.operator: own; test is seen through fem, bem" in line
    assert "inverse.solvers" in line


def test_every_solver_may_state_its_operator():
    config = changed("leadfield.variants", {"soft": {"conductivity": {"skull": 0.02}}})
    settings = config["inverse"]["settings"]
    settings["mne"]["operator"], settings["laura"]["operator"] = "fem", "soft"
    settings["eloreta"]["operator"], settings["patch_posterior"]["operator"] = "own", "soft"
    assert mistakes(config) == []
    assert set(solver_operators(config, "mne").values()) == {"fem"}
    assert set(solver_operators(config, "laura").values()) == {"soft"}
    given = solver_operators(config, "eloreta")
    assert (given["test"], given["test_bem"], given["validation"]) == ("fem", "bem", "fem")
    # The function of a linear solver knows nothing of it; of the posterior, that it is not its own.
    assert settings_told(settings["mne"], ["depth"]) == {
        "kind": "mne",
        "orientation": "free",
        "depth": 0,
    }
    assert settings_told(settings["patch_posterior"], ["operator"])["operator"] == "bem"
    assert "eloreta" not in recording_methods(config)
    settings["mne"]["operator"] = "sift"
    (line,) = mistakes(config)
    assert "inverse.settings.mne.operator: 'sift': did you mean 'soft'" in line


def measuring():
    """The default configuration, eLORETA told the noise of each window."""
    config = default()
    config["inverse"]["settings"]["eloreta"]["noise"] = "measured"
    return config


def test_noise_is_measured_where_one_operator_made_the_windows():
    config = measuring()
    assert mistakes(config) == []
    config["simulation"]["splits"]["test_bem"]["operator"] = ["fem", "bem"]
    line = next(line for line in mistakes(config) if "eloreta" in line)
    assert "eloreta.noise: measured; test_bem is seen through fem, bem, not one" in line


def test_measured_noise_is_stated_for_a_whole_solver():
    config = measuring()
    settings = config["inverse"]["settings"]
    settings["mne"]["tune"] = {"noise": ["white", "measured"]}
    settings["several"] = {
        "kind": "average",
        "of": [{"kind": "dspm", "noise": "measured"}, {"kind": "mne"}],
    }
    averaged, tried = sorted(mistakes(config), key=lambda line: "tune" in line)
    assert "mne.tune.noise: measured; it cannot be tried, only stated" in tried
    assert "several.of[0].noise: measured; state it for the whole" in averaged


def test_curves_measure_noise_and_experiments_do_not():
    config = measuring()
    config["evaluation"]["curves"] = {"boost": {"setting": "boost", "values": [2]}}
    assert mistakes(config) == []
    config["experiments"]["names"] = ["snr_1"]
    (line,) = mistakes(config)
    assert "inverse.settings.eloreta.noise: measured; experiments cannot measure it" in line


def test_only_native_venant_sources_act_from_elsewhere():
    config = changed("leadfield.fem.true_places", True)
    assert mistakes(config) == []
    config["leadfield"]["variants"] = {
        "points": {"source_model": "partial_integration"},
        "plain": {"source_model": "localised_subtraction", "true_places": False},
        "shells": {"method": "bem"},
    }
    (line,) = mistakes(config)
    assert "leadfield.variants.points.true_places: source model partial_integration" in line
    config = changed("leadfield.variants", {"moved": {"true_places": True}})
    config["leadfield"]["fem"]["backend"] = "duneuro"
    lines = mistakes(config)
    assert any("leadfield.variants.moved.true_places: not with backend duneuro" in x for x in lines)


def proposing(**settings):
    """The default configuration, the patch posterior given a network's maps."""
    config = default()
    config["inverse"]["settings"]["patch_posterior"] |= settings
    return config


def test_maps_are_proposed_by_a_network_of_the_study():
    config = proposing(proposal="covnet")
    assert mistakes(config) == []
    assert proposing_network(config, "patch_posterior") == "covnet"
    assert proposing_network(config, "eloreta") is None
    # The function is given the maps, not the name.
    assert "proposal" not in call_settings(config, "patch_posterior")
    (line,) = mistakes(proposing(proposal="convnt"))
    assert "patch_posterior.proposal: 'convnt' is no network of network.networks" in line
    assert "did you mean 'convnet'" in line
    (line,) = mistakes(proposing(proposal="sblnet"))
    assert "patch_posterior.proposal: 'sblnet' is no network of network.networks" in line


def test_maps_are_not_proposed_where_nothing_could_give_them():
    (line,) = mistakes(proposing(proposal="covnet", tune={"budget": [100, 200]}))
    assert "patch_posterior.proposal: covnet; a solver with a grid (tune)" in line
    (line,) = mistakes(proposing(tune={"proposal": ["covnet", "convnet"]}))
    assert "patch_posterior.tune: kind, windows and proposal are no options" in line
    config = default()
    config["inverse"]["settings"]["several"] = {
        "kind": "average",
        "of": [{"kind": "patch_posterior", "proposal": "covnet"}, {"kind": "mne"}],
    }
    (line,) = mistakes(config)
    assert "several.of[0].proposal: an average gives no maps" in line
    (line,) = mistakes(changed("inverse.settings.eloreta.proposal", "covnet"))
    assert "unknown key 'inverse.settings.eloreta.proposal'" in line


def test_a_curve_names_the_network_whose_maps_a_solver_is_given():
    config = proposing(proposal="covnet")
    curve = {"setting": "boost", "values": [2], "methods": ["patch_posterior", "convnet"]}
    config["evaluation"]["curves"] = {"boost": curve}
    (line,) = mistakes(config)
    assert "patch_posterior is given the maps of covnet: name covnet too" in line
    curve["methods"].append("covnet")
    assert mistakes(config) == []
