"""Runs an exported model with llama.cpp and compares what it says with ask-model, and its logits with transformers.

    python check_llama_cpp.py --llama BIN --gguf FOLDER --model FOLDER --ours .build/release/ask-model [--image FILE ...]

BIN holds llama-completion, llama-mtmd-cli and llama-debug (cmake --build . --target llama-completion llama-mtmd-cli llama-debug);
--gguf is what export-gguf made of --model. Of ten questions without a picture: their ids, the logits behind them, the greedy
answer to each in the model's template. Of every picture, brought to the tower's size first since llama.cpp prepares others in a
way of its own: the greedy answer to a question about it. Ends with 1 where ids or answers differ; logits are printed.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
import torch
from PIL import Image
from transformers import AutoModelForCausalLM, AutoModelForImageTextToText, AutoTokenizer

PROMPTS = [
    "What is the capital of France?", "Name three fruits.", "What is 7 times 8?", "Write one sentence about the sea.",
    "Translate 'good morning' into French.", "Who wrote Hamlet?", "It's 10:45 p.m.; what's the time in an hour?",
    "Why is the sky blue?", "List the colours of a rainbow.", "Où est la gare ? Ça va, naïve café – 12,5 € ☕",
]
QUESTION = "What is in the picture?"
# Full precision where llama.cpp would use half of it.
EXACT = ["--temp", "0", "-fa", "off", "-ctk", "f32", "-ctv", "f32", "-t", "2", "-c", "1024"]


def run(command):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{result.stderr.decode(errors='replace')[-2000:]}")
    return result.stdout.decode(errors="replace")


def ours(arguments, question, image=None):
    command = [arguments.ours, "--model", arguments.model, "--json", "--set", f"maximum_new_tokens={arguments.tokens}"]
    return json.loads(run(command + (["--image", image] if image else []) + [question]))["answer"]


def completion(arguments, prompt):
    """The greedy continuation of a prompt that is already in the template's form."""
    command = [arguments.llama + "/llama-completion", "-m", arguments.language, "-p", prompt, "-no-cnv", "--no-display-prompt"]
    said = run(command + ["-n", str(arguments.tokens), "--simple-io", "--no-warmup"] + EXACT)
    return said.removesuffix(" [end of text]\n\n").strip().removesuffix("[end of text]").strip()


def logits(arguments, prompt, folder):
    """Ids of a prompt and the logits behind it."""
    command = [arguments.llama + "/llama-debug", "-m", arguments.language, "-p", prompt, "--save-logits"]
    run(command + ["--logits-output-dir", folder, "--no-warmup"] + EXACT)
    found = {path.name.rpartition("-")[2]: path for path in pathlib.Path(folder).glob("*.bin")}
    tokens = next(path for name, path in found.items() if name == "tokens.bin")
    values = next(path for name, path in found.items() if name != "tokens.bin")
    return numpy.fromfile(tokens, numpy.int32), numpy.fromfile(values, numpy.float32)


def about(arguments, image):
    """The greedy answer to a question about a picture."""
    command = [arguments.llama + "/llama-mtmd-cli", "-m", arguments.language, "--mmproj", arguments.gguf + "/mmproj.gguf"]
    command += ["--image", image, "-p", "<__media__>\n" + QUESTION, "--jinja", "-n", str(arguments.tokens), "--no-warmup"]
    return run(command + EXACT).strip()


def sized(image, side, folder):
    path = pathlib.Path(folder) / (pathlib.Path(image).stem + ".png")
    Image.open(image).convert("RGB").resize((side, side), Image.Resampling.BICUBIC).save(path)
    return str(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("llama", "gguf", "model", "ours"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--image", action="append", default=[])
    parser.add_argument("--tokens", type=int, default=40)
    arguments = parser.parse_args()
    arguments.language = arguments.gguf + "/model.gguf"
    configuration = json.loads(pathlib.Path(arguments.model, "config.json").read_text())
    kind = AutoModelForImageTextToText if "vision_config" in configuration else AutoModelForCausalLM
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    model = kind.from_pretrained(arguments.model, dtype=torch.float32).eval()
    version = subprocess.run([arguments.llama + "/llama-completion", "--version"], capture_output=True, text=True).stderr
    print(version.strip().splitlines()[0] if version.strip() else "llama.cpp of unknown version")
    wrong = {"ids": 0, "answers": 0}
    with tempfile.TemporaryDirectory() as folder:
        for question in PROMPTS:
            turns = [{"role": "user", "content": question}]
            prompt = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
            # llama-debug does not look for special tokens: the question alone.
            ids = tokenizer(question)["input_ids"]
            theirs, found = logits(arguments, question, tempfile.mkdtemp(dir=folder))
            with torch.no_grad():
                expected = model(input_ids=torch.tensor([ids])).logits[0, -1].numpy()
            mean, said = ours(arguments, question), completion(arguments, prompt)
            wrong["ids"] += list(theirs) != ids
            wrong["answers"] += mean != said
            difference, spread = abs(found - expected).max(), expected.max() - expected.min()
            print(f"{len(ids)} ids {'the same' if list(theirs) == ids else f'DIFFER: {ids} {list(theirs)}'}, logits differ by "
                  f"{difference:.2e} of {spread:.1f}, answer {'the same' if mean == said else 'DIFFERS'}: {said!r}")
            if mean != said:
                print(f"    ask-model: {mean!r}")
        for image in arguments.image:
            picture = sized(image, configuration["vision_config"]["image_size"], folder)
            mean, said = ours(arguments, QUESTION, picture), about(arguments, picture)
            wrong["answers"] += mean != said
            print(f"{pathlib.Path(image).name}: answer {'the same' if mean == said else 'DIFFERS'}: {said!r}")
            if mean != said:
                print(f"    ask-model: {mean!r}")
    asked = len(PROMPTS) + len(arguments.image)
    print(f"{asked - wrong['answers']} of {asked} answers the same, ids of {len(PROMPTS) - wrong['ids']} of {len(PROMPTS)} prompts")
    sys.exit(any(wrong.values()))


if __name__ == "__main__":
    main()
