"""Loads one of our checkpoints with transformers as a user would and compares what it says with what ask-model says.

    python check_transformers.py --ours .build/release/ask-model --model FOLDER [--image FILE] QUESTION ...

Everything comes from the folder: AutoProcessor, its chat template, its generation settings. Compared are the number of tokens of the
prompt and the greedy answer. Ends with 1 where they differ.
"""
import argparse
import json
import subprocess
import sys

import torch
import transformers
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor


def ours(arguments, question):
    command = [arguments.ours, "--model", arguments.model, "--json", "--set", f"maximum_new_tokens={arguments.tokens}"]
    if arguments.image:
        command += ["--image", arguments.image]
    line = subprocess.run(command + [question], check=True, capture_output=True, text=True).stdout
    answer = json.loads(line)
    return answer["prompt_tokens"], answer["answer"]


def theirs(arguments, processor, model, question):
    content = ([{"type": "image"}] if arguments.image else []) + [{"type": "text", "text": question}]
    prompt = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    images = Image.open(arguments.image) if arguments.image else None
    inputs = processor(images=images, text=prompt, return_tensors="pt")
    count = inputs["input_ids"].shape[1]
    with torch.no_grad():
        output = model.generate(**inputs, max_new_tokens=arguments.tokens, do_sample=False)
    return count, processor.decode(output[0, count:], skip_special_tokens=True).strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ours", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--image")
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("questions", nargs="+")
    arguments = parser.parse_args()
    processor = AutoProcessor.from_pretrained(arguments.model)
    model = AutoModelForImageTextToText.from_pretrained(arguments.model, dtype=torch.float32).eval()
    different = 0
    for question in arguments.questions:
        ours_said, theirs_said = ours(arguments, question), theirs(arguments, processor, model, question)
        same = ours_said == theirs_said
        different += not same
        print(f"{'same' if same else 'DIFFERENT'}: {question!r}\n  ours   {ours_said}\n  theirs {theirs_said}")
    print(f"transformers {transformers.__version__}: {len(arguments.questions) - different} of {len(arguments.questions)} the same")
    sys.exit(bool(different))


if __name__ == "__main__":
    main()
