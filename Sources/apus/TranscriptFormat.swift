// The formats of transcriptions as arguments of a command.

import APIServer
import ArgumentParser

extension TranscriptFormat: ExpressibleByArgument {}
