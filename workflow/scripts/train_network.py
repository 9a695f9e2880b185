from pathlib import Path

from multisource.figures.training import loss_figure
from multisource.files import atomic
from multisource.logs import logged
from multisource.network.registry import build_network, split_settings
from multisource.network.samples import windows_of
from multisource.network.training import train
from multisource.network.weights import save_network
from multisource.simulation.chunks import read_chunks

with logged(snakemake.log[0]):
    data = read_chunks(snakemake.input.train)
    training, validation = windows_of(data), windows_of(read_chunks(snakemake.input.validation))
    architecture, options, schedule = split_settings(snakemake.params.settings)
    network = build_network(
        architecture, *training.shape, seed=snakemake.params.seed, **options
    )
    result = train(
        network,
        training,
        validation,
        seed=snakemake.params.seed,
        device="auto" if snakemake.resources.get("gpu", 0) else "cpu",
        threads=snakemake.threads,
        checkpoint=Path(snakemake.output.weights).with_name("checkpoint.safetensors"),
        **schedule,
    )
    with atomic(snakemake.output.history) as part:
        result.history.to_csv(part, index=False)
    with atomic(snakemake.output.figure) as part:
        loss_figure(result.history).savefig(part, dpi=140)
    save_network(
        snakemake.output.weights,
        snakemake.output.settings,
        network,
        architecture=architecture,
        options=options,
        channels=[str(name) for name in data["channel"].values],
        n_times=data.sizes["time"],
        n_dipoles=training.n_dipoles,
        training=schedule,
        seed=snakemake.params.seed,
    )
