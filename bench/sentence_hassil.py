"""sentence_hassil: a peer of the benchmark. How many test sentences of a language a second hassil recognises.

    PYTHONPATH=FOLDER_OF_HASSIL python3 bench/sentence_hassil.py CORPUS LANGUAGE EVERY

Takes every EVERY-th test sentence, with its context, as the tests of the intents' own repository do: the list `name` is
narrowed by a trie before each. Prints sentences a second (processor time), and how many get the right intent, in per cent.
"""
import json
import sys
import time

from hassil import Intents, TextSlotList, Trie, recognize_best

folder, language, every = sys.argv[1], sys.argv[2], int(sys.argv[3])
with open(f"{folder}/{language}.json", encoding="utf-8") as file:
    data = json.load(file)
fixtures = data["fixture_lists"]
parts = ("language", "skip_words", "settings", "lists", "expansion_rules", "intents")
intents = Intents.from_dict({part: data[part] for part in parts})
lists = {name: TextSlotList.from_strings([value["in"] for value in fixtures[name]]) for name in ("area", "floor")}
trie = Trie()
for value in TextSlotList.from_tuples([(v["in"], v["out"], v["context"]) for v in fixtures["name"]]).values:
    trie.insert(value.text_in.text.strip().lower(), value)


def recognize(test):
    text = test["text"]
    lists["name"] = TextSlotList(name="name", values=[found[2] for found in trie.find(text.lower())])
    return recognize_best(text, intents, slot_lists=lists, intent_context=dict(test.get("context") or {}),
                          best_slot_name="name", language=language)


tests = data["tests"][::every]
recognize(tests[0])  # parses the templates
begin = time.process_time()
results = [recognize(test) for test in tests]
took = time.process_time() - begin
right = sum(result is not None and result.intent.name == test["intent"] for result, test in zip(results, tests))
print(len(tests) / took, 100 * right / len(tests))
