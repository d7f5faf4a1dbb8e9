"""Tables of Chinese characters, as corpora: what rhymed, and a word of English; see ``extract``.

In both a document is a group: its title names it, its text holds the characters. Unihan, from
which the glosses and the variants are, stands under the licence in ``data/LICENCES.txt``.
"""

import bz2
import re
import subprocess
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from afterword.text.corpora import Document, load
from afterword.text.extract_verse import npm

# The 206 rhymes of the Guangyun, joined to the 106 of the Pingshui tables: level, rising, departing
# and entering tone, a line each. Source: Wang Li 1958, Hanyu shilü xue, chapter 1.
MERGED = """
東 冬鍾 江 支脂之 微 魚 虞模 齊 佳皆 灰咍 真諄臻 文欣 元魂痕 寒桓 刪山
先仙 蕭宵 肴 豪 歌戈 麻 陽唐 庚耕清 青 蒸登 尤侯幽 侵 覃談 鹽添嚴 咸銜凡;
董 腫 講 紙旨止 尾 語 麌姥 薺 蟹駭 賄海 軫準 吻隱 阮混很 旱緩 潸產
銑獮 篠小 巧 晧 哿果 馬 養蕩 梗耿靜 迥拯等 有厚黝 寑 感敢 琰忝儼 豏檻范;
送 宋用 絳 寘至志 未 御 遇暮 霽祭 泰 卦怪夬 隊代廢 震稕 問焮 願慁恨 翰換 諫襇
霰線 嘯笑 效 号 箇過 禡 漾宕 映諍勁 徑證嶝 宥候幼 沁 勘闞 豔㮇釅 陷鑑梵;
屋 沃燭 覺 質術櫛 物迄 月沒 曷末 黠鎋 屑薛 藥鐸 陌麥昔 錫 職德 緝 合盍 葉怗 洽狎業乏
"""
TONES = ("level", "rising", "departing", "entering")
# ways of writing that Unihan does not join to those of the Guangyun: ours, theirs
ALSO_WRITTEN = dict(
    zip(
        "間魂韓髪崑秖拆煉逈撐槁廐蒂壟縧劚迤徴拽",
        "閒䰟𩏑髮崐祇坼鍊迥橕槀廏蔕壠絛斸迆徵曳",
        strict=True,
    )
)
SAME = ("kZVariant", "kSemanticVariant", "kTraditionalVariant", "kSimplifiedVariant")
ALL_ENTRIES = (
    "for (const e of require(process.argv[1]).資料.廣韻.iter條目())"
    " console.log(e.字頭 + ' ' + e.來源.韻目)"
)


def rhymes(folder: Path) -> list[Document]:
    """The characters of each of the 106 rhymes; one that is read in several ways is in several.

    By the Guangyun of 1008, as ``tshet-uinh`` of npm has it, which keeps the readings of the
    Qieyun of 601. A character of the quatrains that it lacks is where Unihan's variants of it are.
    """
    with npm("tshet-uinh@0.15.4", folder) as archive:
        archive.extractall(folder, filter="data")
    command = ["node", "-e", ALL_ENTRIES, folder / "package/index.js"]
    entries = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    name = {rhyme: group[0] for group in re.findall(r"[^\s;]+", MERGED) for rhyme in group}
    read = defaultdict(set)
    for entry in entries.splitlines():
        character, rhyme = entry.split(" ")
        read[character].add(name[rhyme])
    variants = _variants(_unihan(folder))
    for character in _of_the_quatrains() - set(read):
        for other in variants[character]:
            read[character] |= read.get(other, set())
    return [
        Document(f"{group[0]} ({tone})", "".join(sorted(c for c in read if group[0] in read[c])))
        for tone, groups in zip(TONES, MERGED.split(";"), strict=True)
        for group in groups.split()
    ]


def glosses(folder: Path) -> list[Document]:
    """What each character of the quatrains means, in a word or two, as far as Unihan says."""
    meaning = defaultdict(set)
    unihan = {(character, key): value for character, key, value in _unihan(folder)}
    for character in _of_the_quatrains():
        if short := gloss_of(unihan.get((character, "kDefinition"), "")):
            meaning[short].add(character)
    return [Document(short, "".join(sorted(meaning[short]))) for short in sorted(meaning)]


def gloss_of(definition: str) -> str:
    """The first sense of a definition of Unihan, cut at a comma after 24 letters or fewer.

    >>> gloss_of("(same as U+6C5F 江) large river; the Yangzi; surname")
    'large river'
    """
    plain = re.sub(r"\s*\([^)]*\)\s*|U\+[0-9A-F]+ .", " ", definition)
    senses = [" ".join(sense.split()).strip(" ,.") for sense in plain.split(";")]
    senses = [s for s in senses if re.search("[a-z]", s) and "Kangxi" not in s] or [""]
    short, *parts = senses[0].split(", ")
    for part in parts:
        if len(short) + len(part) > 22:
            break
        short += ", " + part
    return textwrap.shorten(short, 40, placeholder=" …")


def _of_the_quatrains() -> set[str]:
    return {character for each in load("quatrains") for character in each.text} - {"\n"}


def _variants(unihan: Iterator[tuple[str, str, str]]) -> dict[str, set[str]]:
    """Other ways to write a character, by Unihan, either way round, and by ours."""
    found = defaultdict(set, {ours: {theirs} for ours, theirs in ALSO_WRITTEN.items()})
    for character, key, value in unihan:
        if key in SAME:
            for code in re.findall(r"U\+([0-9A-F]+)", value):
                found[character].add(chr(int(code, 16)))
                found[chr(int(code, 16))].add(character)
    return found


def _unihan(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Character, key and value of each line of two files of Debian's ``unicode-data``."""
    if not list(folder.glob("*.deb")):
        command = ["apt-get", "download", "unicode-data=15.0.0-1"]
        subprocess.run(command, cwd=folder, check=True)
        subprocess.run(["dpkg-deb", "-x", next(folder.glob("*.deb")), folder], check=True)
    for name in ("Readings", "Variants"):
        file = folder / f"usr/share/unicode/Unihan_{name}.txt.bz2"
        for line in bz2.decompress(file.read_bytes()).decode().split("\n"):
            if line.startswith("U+"):
                code, key, value = line.split("\t")
                yield chr(int(code[2:], 16)), key, value
