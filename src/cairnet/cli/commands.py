"""What the commands are called, what they take, and what their help says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(
    name="cairnet",
    help="Train neural networks on machine code that Cairnet generates, and use them.",
    epilog="Begin with: cairnet train lenet5",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"max_content_width": 100, "help_option_names": ["-h", "--help"]},
)
cache_app = typer.Typer(
    help="Look at, or empty, the cache of compiled functions.", no_args_is_help=True
)
app.add_typer(cache_app, name="cache")

ModelFile = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A file that `cairnet train` or `save` wrote.")
]
Threads = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Threads to compute with. [dim]default: one for each core[/dim]",
        show_default=False,
    ),
]

OpenLength = Annotated[
    int,
    typer.Option(
        min=1, metavar="N", help="Steps of a sequence, where the network takes any number."
    ),
]


def _examples(*lines: str) -> str:
    """The examples under a command's help, each on a line of its own."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


def _version(asked: bool) -> None:
    if asked:
        from cairnet.base.version import __version__

        typer.echo(f"cairnet {__version__}")
        raise typer.Exit


@app.callback()
def _cairnet(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Train neural networks on machine code that Cairnet generates, and use them."""


@app.command(
    epilog=_examples(
        "cairnet train lenet5",
        "cairnet train lenet5 --data mnist --epochs 5",
        "cairnet train lenet5 --optimizer sgd --learning-rate 0.05 --out sgd.safetensors",
        "cairnet train charrnn --data poems.txt",
        "cairnet train charrnn --data poems.txt --cell gru --layers 1 --hidden 256 --epochs 20",
    )
)
def train(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The network: lenet5 or charrnn.")],
    data: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="digits, mnist or fashion_mnist; for charrnn a file of text, in UTF-8.",
            show_default=False,
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="How often the data is gone through.", show_default=False
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Images, or rows of text, in a step.", show_default=False
        ),
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(metavar="X", help="How far a step goes.", show_default=False),
    ] = None,
    optimizer: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="adam, sgd or another: cairnet list optimizers.",
            show_default=False,
        ),
    ] = None,
    cell: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="For charrnn: rnn, lstm or gru.", show_default=False),
    ] = None,
    layers: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="For charrnn: recurrent layers.", show_default=False),
    ] = None,
    hidden: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="For charrnn: units of each.", show_default=False),
    ] = None,
    sequence_length: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="For charrnn: characters in a row.", show_default=False
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="The same seed gives the same network, bit for bit."),
    ] = 0,
    threads: Threads = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where to save; the curves go beside it. [dim]default: MODEL.safetensors[/dim]",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Train a network; save it, and a picture of how it learned.

    Options that are left out are taken from what suits the network and the data.
    """
    from cairnet.cli.text import train_on_text
    from cairnet.cli.train import Options, train
    from cairnet.models.recipes import TEXT_RECIPES

    changes = {
        "epochs": epochs,
        "batch_size": batch_size,
        "optimizer": optimizer,
        "learning_rate": learning_rate,
        "cell": cell,
        "layers": layers,
        "hidden": hidden,
        "sequence_length": sequence_length,
    }
    given = {name: value for name, value in changes.items() if value is not None}
    options = Options(model, data, given, seed, threads, out)
    raise typer.Exit(train_on_text(options) if model in TEXT_RECIPES else train(options))


@app.command(epilog=_examples("cairnet evaluate lenet5.safetensors --data digits"))
def evaluate(
    model: ModelFile,
    data: Annotated[str, typer.Option(metavar="NAME", help="See cairnet list data.")] = "digits",
    batch_size: Annotated[int, typer.Option(min=1, metavar="N", help="Images in a step.")] = 256,
    threads: Threads = None,
) -> None:
    """Measure a saved network on the test images of a data set."""
    from cairnet.cli.use import evaluate

    evaluate(model, data, batch_size, threads)


@app.command(
    epilog=_examples(
        "cairnet predict lenet5.safetensors seven.png three.jpg",
        "cairnet predict lenet5.safetensors seven.png --plot bars.png",
        "cairnet predict lenet5.safetensors shoe.png --data fashion_mnist",
    )
)
def predict(
    model: ModelFile,
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGE", help="Pictures, in any format that is common.")
    ],
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw the pictures, with a bar for every class beside them (png, svg, pdf).",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The data set it was trained on, to show the names of its classes.",
            show_default=False,
        ),
    ] = None,
    threads: Threads = None,
) -> None:
    """Say what a saved network sees in pictures, and how sure it is."""
    from cairnet.cli.use import predict

    predict(model, images, threads, plot, data)


@app.command(
    epilog=_examples(
        'cairnet generate charrnn.safetensors --prompt "ROMEO:" --length 500',
        "cairnet generate charrnn.safetensors --temperature 0.7 --top-k 20 --seed 1",
        'cairnet generate charrnn.safetensors --prompt "To be" --beam-width 5',
    )
)
def generate(
    model: ModelFile,
    prompt: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="What it reads first. [dim]default: the beginning of a line[/dim]",
            show_default=False,
        ),
    ] = None,
    length: Annotated[int, typer.Option(metavar="N", help="How many characters to write.")] = 500,
    temperature: Annotated[
        float, typer.Option(metavar="X", help="Below 1 more likely characters, above 1 others.")
    ] = 1.0,
    top_k: Annotated[
        int | None,
        typer.Option(metavar="N", help="Draw from the N likeliest.", show_default=False),
    ] = None,
    top_p: Annotated[
        float | None,
        typer.Option(
            metavar="X", help="Draw from the likeliest, up to this share.", show_default=False
        ),
    ] = None,
    beam_width: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Draw nothing, but search for the likeliest text, keeping N.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(metavar="N", help="The same seed, the same text.", show_default=False),
    ] = None,
    unknown: Annotated[
        str | None,
        typer.Option(
            metavar="CHARACTER",
            help="What to read for characters of the prompt that the network does not know.",
            show_default=False,
        ),
    ] = None,
    threads: Threads = None,
) -> None:
    """Let a saved network write, and show the text as it comes to be."""
    from cairnet.cli.text import Writing, generate

    draw = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "beam_width": beam_width}
    given = {"length": length, **draw, "seed": seed, "unknown": unknown}
    raise typer.Exit(generate(Writing(model, prompt, given, threads)))


@app.command(epilog=_examples("cairnet summary lenet5.safetensors"))
def summary(model: ModelFile) -> None:
    """Show the layers of a saved network, and how it was trained."""
    from cairnet.cli.use import summary

    summary(model)


@app.command(
    epilog=_examples(
        "cairnet explain lenet5.safetensors",
        "cairnet explain lenet5.safetensors --level graph",
        "cairnet explain lenet5.safetensors --training --batch-size 128",
        "cairnet explain lenet5.safetensors --level asm --kernel 0 --batch-size 1",
        "cairnet explain charrnn.safetensors --training --sequence-length 25",
    )
)
def explain(
    model: ModelFile,
    training: Annotated[
        bool,
        typer.Option("--training", help="A step of training, instead of the forward pass."),
    ] = False,
    level: Annotated[
        str, typer.Option(metavar="LEVEL", help="graph, rewritten, loops, llvm or asm.")
    ] = "loops",
    kernel: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="N", help="Only this kernel of those in loops.", show_default=False
        ),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, metavar="N", help="Rows in a batch.")] = 32,
    sequence_length: OpenLength = 64,
    threads: Threads = None,
) -> None:
    """Show what a saved network is made into: its graph, loops or machine code."""
    from cairnet.cli.explaining import explain_model

    explain_model(model, level, (batch_size, sequence_length), kernel, threads, training=training)


@app.command(
    epilog=_examples(
        "cairnet bench lenet5",
        "cairnet bench lenet5.safetensors --batch-size 128 --plot kernels.png",
        "cairnet bench lenet5 --batch-size 128 --roofline roofs.png",
        "cairnet bench lenet5 --forward --batch-size 1 --threads 1",
        "cairnet bench charrnn.safetensors --sequence-length 40",
    )
)
def bench(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="A network's name (lenet5, charrnn), or a file that `save` wrote."
        ),
    ],
    batch_size: Annotated[int, typer.Option(min=1, metavar="N", help="Rows in a step.")] = 32,
    sequence_length: OpenLength = 64,
    forward: Annotated[
        bool, typer.Option("--forward", help="Measure predictions instead of training.")
    ] = False,
    seconds: Annotated[
        float, typer.Option(min=0.001, metavar="S", help="How long to repeat the step.")
    ] = 1.0,
    most: Annotated[
        int, typer.Option(min=0, metavar="N", help="How many kernels to show; 0 for all.")
    ] = 20,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw a bar for every kernel (png, svg, pdf).",
            show_default=False,
        ),
    ] = None,
    roofline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw the kernels under the roofs that the machine sets them.",
            show_default=False,
        ),
    ] = None,
    threads: Threads = None,
) -> None:
    """Measure a network kernel by kernel: times, rates, shares of the processor's peak."""
    from cairnet.cli.bench import Bench, bench

    options = Bench(
        *(model, batch_size, sequence_length, forward, seconds, most or None),
        *(plot, roofline, threads),
    )
    bench(options)


@app.command(name="list", epilog=_examples("cairnet list", "cairnet list layers"))
def list_names(
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="KIND",
            help="models, data, layers, activations, initializers, regularizers, constraints, "
            "losses, metrics, optimizers, schedules or callbacks.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """List what can be asked for by name."""
    from cairnet.cli.listing import listing

    listing(kind)


@cache_app.command("info")
def cache_info() -> None:
    """Say where the cache is, how many functions it holds and how large it is."""
    from cairnet.cli.caching import info

    info()


@cache_app.command("clear")
def cache_clear() -> None:
    """Delete all compiled functions; they are compiled again when they are needed."""
    from cairnet.cli.caching import clear

    clear()
