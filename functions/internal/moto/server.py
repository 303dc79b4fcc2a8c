"""Forks servers of moto out of one process that has loaded it: loading takes longer than most tests.

It says "ready" first. Each line of its input is an order, and is answered with a line once it is carried out:

    start PORT FUNCTIONS LOG   a new server comes to listen on PORT, calls functions at port FUNCTIONS, and writes to LOG
    end PORT                   that server is gone

With the end of its input, and so with the program that started it, all servers end.
"""

import copy
import functools
import importlib
import logging
import os
import signal
import sys
import threading


def load():
    """Loads what the servers need: what a process has, its copies have."""
    for module in ("dynamodb", "s3", "secretsmanager", "sesv2", "stepfunctions", "stepfunctions.parser", "moto_api._internal"):
        importlib.import_module(f"moto.{module}.models" if module.endswith("parser") else f"moto.{module}.urls")
    from moto.server import main

    return main


def remember_definitions():
    """Reads each definition once, which is most of the work of a short execution. Every execution still makes a program
    of its own out of what was read."""
    from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser

    read = ASLParser.state_machine
    known = {}

    @functools.wraps(read)
    def remembered(parser):
        text = str(parser.getInputStream().tokenSource.inputStream)
        if text not in known:
            tree = read(parser)
            if parser.getNumberOfSyntaxErrors():
                return tree
            known[text] = tree
        return known[text]

    ASLParser.state_machine = remembered


def remember_paths():
    """Makes the parser of JSONPath once and reads each path once: both are made anew for every state otherwise."""
    from jsonpath_ng.ext.parser import ExtendedJsonPathParser
    from moto.stepfunctions.parser.asl.component.common.path import result_path
    from moto.stepfunctions.parser.asl.utils import json_path

    parser = ExtendedJsonPathParser()
    known = {}
    one_at_a_time = threading.Lock()

    def remembered(path):
        with one_at_a_time:
            if path not in known:
                known[path] = parser.parse(path)
            return known[path]

    json_path.parse = result_path.parse = remembered


def remember_client():
    """Calls functions through one client, which all threads may use, and not through a new one each time."""
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils

    make = lambda_eval_utils.boto_client_for
    make(region="eu-central-1", service="lambda")  # reads what it knows of the service, for all servers
    client = functools.cache(make)
    lambda_eval_utils.boto_client_for = lambda region, service, state_credentials=None: client(region, service)


def remember_services():
    """Lists the folders of moto once and not for each request."""
    from moto import backends

    known = tuple(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: known


def copy_once():
    """Copies a table once for each transaction, to put it back when the transaction fails, and not once for each of its items."""
    from moto.dynamodb import models

    write = models.DynamoDBBackend.transact_write_items
    here = threading.local()

    class Copy:
        @staticmethod
        def deepcopy(x):
            if not isinstance(x, models.Table) or getattr(here, "tables", None) is None:
                return copy.deepcopy(x)
            if id(x) not in here.tables:
                here.tables[id(x)] = copy.deepcopy(x)
            return here.tables[id(x)]

    @functools.wraps(write)
    def once(self, transact_items):
        here.tables = {}
        try:
            return write(self, transact_items)
        finally:
            here.tables = None

    models.copy = Copy
    models.DynamoDBBackend.transact_write_items = once


def serve(main, port, functions, log, alive):
    """Is a server until it is killed, or the process it came from is gone."""
    os.close(alive[1])
    threading.Thread(target=lambda: (os.read(alive[0], 1), os._exit(0)), daemon=True).start()
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # orders are not for it
    os.environ["MOTO_PORT"] = functions
    from moto.moto_api._internal import mock_random

    mock_random.seed(os.urandom(16))  # otherwise all servers would draw the same
    main(["-H", "127.0.0.1", "-p", port])


def run():
    try:
        main = load()
    except ImportError as missing:
        print(f"missing: {missing}", flush=True)
        return
    for improve in (remember_definitions, remember_paths, remember_client, remember_services, copy_once):
        improve()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # not a line for each request
    print("ready", flush=True)
    alive = os.pipe()
    servers = {}
    for line in iter(sys.stdin.readline, ""):
        order, port, *rest = line.split(" ", 3)
        if order == "start":
            servers[port] = os.fork()
            if servers[port] == 0:
                serve(main, port, rest[0], rest[1].rstrip("\n"), alive)
                os._exit(1)
        else:
            server = servers.pop(port.strip())
            os.kill(server, signal.SIGKILL)
            os.waitpid(server, 0)
        print(order, flush=True)


run()
