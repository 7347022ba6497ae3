"""Loads one of our checkpoints with transformers as a user would and compares what it says with what ask-model says.

    python check_transformers.py --ours .build/release/ask-model --model FOLDER [--image FILE ...] [QUESTION ...]

Everything comes from the folder: AutoProcessor, its chat template, its generation settings, and the same once more behind
pipeline("image-text-to-text"). Compared are the number of tokens of the prompt and the greedy answer. Without --image two
pictures are drawn, a square and an oblong one; every question is also asked without any. Then the same pictures, with a
question and an answer, are packed and traced by the stages beside ask-model, as data of the model are: all logits must be
those that transformers computes from the picture's file. Ends with 1 where anything differs.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers
from safetensors import safe_open
from PIL import Image, ImageDraw
from transformers import AutoModelForImageTextToText, AutoProcessor, pipeline

# Of float32, summed in another order: in units of the logits' largest magnitude.
LOGITS_TOLERANCE = 1e-4
ANSWER = "Yes."
QUESTIONS = ["Is there a circle in the image?", "What is this?", "Describe the picture in one sentence."]


def drawn(folder):
    """Paths of a square and an oblong picture with a circle and a gradient."""
    paths = []
    for width, height in [(200, 200), (320, 150)]:
        picture = Image.linear_gradient("L").resize((width, height)).convert("RGB")
        ImageDraw.Draw(picture).ellipse((20, 30, 110, 120), fill=(200, 30, 40))
        paths.append(str(pathlib.Path(folder) / f"{width}x{height}.png"))
        picture.save(paths[-1])
    return paths


def ours(arguments, question, image):
    """Tokens of the prompt, and the answer."""
    command = [arguments.ours, "--model", arguments.model, "--json", "--set", f"maximum_new_tokens={arguments.tokens}"]
    if image:
        command += ["--image", image]
    line = subprocess.run(command + [question], check=True, stdout=subprocess.PIPE, text=True).stdout
    answer = json.loads(line)
    return answer["prompt_tokens"], answer["answer"]


def messages(question, image):
    content = ([{"type": "image", "image": image}] if image else []) + [{"type": "text", "text": question}]
    return [{"role": "user", "content": content}]


def theirs(arguments, processor, model, question, image):
    prompt = processor.apply_chat_template(messages(question, image), add_generation_prompt=True)
    images = Image.open(image) if image else None
    inputs = processor(images=images, text=prompt, return_tensors="pt")
    count = inputs["input_ids"].shape[1]
    with torch.no_grad():
        output = model.generate(**inputs, max_new_tokens=arguments.tokens, do_sample=False)
    return count, processor.decode(output[0, count:], skip_special_tokens=True).strip()


def traced(arguments, images, folder):
    """Logits of a conversation about each picture, by pack-shards and trace-model."""
    folder = pathlib.Path(folder)
    tools = pathlib.Path(arguments.ours).parent
    config = json.loads((pathlib.Path(arguments.model) / "config.json").read_text())
    longest = config.get("text_config", config).get("max_position_embeddings", 2048)
    (folder / "pictures").mkdir()
    samples = []
    for number, image in enumerate(images):
        name = f"{number}{pathlib.Path(image).suffix}"
        (folder / "pictures" / name).write_bytes(pathlib.Path(image).read_bytes())
        turns = [("human", "<image>\n" + arguments.questions[0]), ("gpt", ANSWER)]
        turns = [{"from": who, "value": text} for who, text in turns]
        samples.append({"id": str(number), "image": name, "conversations": turns})
    (folder / "data.json").write_text(json.dumps(samples))
    subprocess.run(
        [tools / "pack-shards", "--data", folder / "data.json", "--images", folder / "pictures", "--tokenizer",
         arguments.model, "--out", folder / "shards", "--set", f"maximum_length={min(2048, longest)}"],
        check=True, stderr=subprocess.DEVNULL)
    numbers = [option for number in range(len(images)) for option in ("--sample", str(number))]
    subprocess.run(
        [tools / "trace-model", "--model", arguments.model, "--shards", folder / "shards", "--out", folder / "trace"]
        + numbers,
        check=True, stderr=subprocess.DEVNULL)
    with safe_open(folder / "trace" / "trace.safetensors", "pt") as file:
        return [file.get_tensor(f"{number}/logits") for number in range(len(images))]


def logits(arguments, processor, model, image):
    """The same by transformers, which reads the picture itself."""
    said = messages(arguments.questions[0], image)
    said.append({"role": "assistant", "content": [{"type": "text", "text": ANSWER}]})
    inputs = processor(images=Image.open(image), text=processor.apply_chat_template(said), return_tensors="pt")
    with torch.no_grad():
        return model(**inputs).logits[0]


def difference(found, expected):
    """Largest difference of the rows that both have, in units of the largest logit; at least the prompt and the answer's first
    token are there."""
    rows = min(len(found), len(expected))
    if max(len(found), len(expected)) - rows > 2:
        return float("inf")
    found, expected = found[:rows], expected[:rows, : found.shape[1]]
    return ((found - expected).abs().max() / expected.abs().max()).item()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ours", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--image", action="append", default=[])
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("questions", nargs="*", default=QUESTIONS)
    arguments = parser.parse_args()
    processor = AutoProcessor.from_pretrained(arguments.model)
    model = AutoModelForImageTextToText.from_pretrained(arguments.model, dtype=torch.float32).eval()
    ask = pipeline("image-text-to-text", model=arguments.model, dtype=torch.float32)
    asked = different = 0
    with tempfile.TemporaryDirectory() as folder:
        for image in (arguments.image or drawn(folder)) + [None]:
            for question in arguments.questions:
                found = ours(arguments, question, image)
                others = {"theirs": theirs(arguments, processor, model, question, image)}
                if image:
                    said = ask(
                        messages(question, image), max_new_tokens=arguments.tokens, do_sample=False,
                        return_full_text=False,
                    )
                    others["pipeline"] = (found[0], said[0]["generated_text"].strip())
                same = all(other == found for other in others.values())
                asked, different = asked + 1, different + (not same)
                shown = pathlib.Path(image).name if image else "no picture"
                print(f"{'same' if same else 'DIFFERENT'}: {shown}, {question!r}\n  ours     {found}")
                for name, other in others.items():
                    print(f"  {name:8} {other}")
        pictures = arguments.image or drawn(folder)
        for image, found in zip(pictures, traced(arguments, pictures, folder)):
            apart = difference(found, logits(arguments, processor, model, image))
            asked, different = asked + 1, different + (not apart <= LOGITS_TOLERANCE)
            same = "same" if apart <= LOGITS_TOLERANCE else "DIFFERENT"
            print(f"{same}: {pathlib.Path(image).name}, {len(found)} rows of logits, {apart:.1e} apart at most")
    print(f"transformers {transformers.__version__}, torch {torch.__version__}: {asked - different} of {asked} the same")
    sys.exit(bool(different))


if __name__ == "__main__":
    main()
