"""Loads one of our checkpoints with transformers as a user would and compares what it says with what ask-model says.

    python check_transformers.py --ours .build/release/ask-model --model FOLDER [--image FILE ...] [QUESTION ...]

Everything comes from the folder: AutoProcessor, its chat template, its generation settings, and the same once more behind
pipeline("image-text-to-text"). Compared are the number of tokens of the prompt and the greedy answer. Without --image two
pictures are drawn, a square and an oblong one; every question is also asked without any. Ends with 1 where they differ.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers
from PIL import Image, ImageDraw
from transformers import AutoModelForImageTextToText, AutoProcessor, pipeline

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
    print(f"transformers {transformers.__version__}, torch {torch.__version__}: {asked - different} of {asked} the same")
    sys.exit(bool(different))


if __name__ == "__main__":
    main()
