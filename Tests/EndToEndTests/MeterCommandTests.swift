// What an operator does with `apus meter`, as a person would type it.

import Foundation
import JSON
import TestSupport
import Testing

@Suite struct MeterCommandTests {
  /// The program in a data folder of its own.
  private struct Desk {
    let folder: String

    func run(_ arguments: String, input: String = "") async throws -> Program.Outcome {
      try await Program.apus(
        arguments.split(separator: " ").map(String.init), input: input,
        environment: ["APUS_DATA": folder])
    }

    func json(_ arguments: String) async throws -> JSONValue {
      let outcome = try await run(arguments + " --json")
      #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
      return try JSONValue.parse(outcome.text)
    }
  }

  private func withDesk(_ body: (Desk) async throws -> Void) async throws {
    try await TemporaryFolder.with { try await body(Desk(folder: $0)) }
  }

  @Test func `what an operator gets wrong is told in words, and changes nothing`() async throws {
    try await withDesk { desk async throws in
      #expect(try await desk.run("meter account create lab --active").status == 0)
      #expect(try await desk.run("meter price publish tiny --input 1 --output 2").status == 0)
      let wrong: [(line: String, status: Int32, words: String)] = [
        ("meter billing set --tax 24.005", 1, "at most two digits"),
        ("meter billing set --tax 101", 1, "0 to 100 percent"),
        ("meter billing set --days 400", 1, "0 to 365 days"),
        ("meter billing seller --name Apus --country ee", 1, "two capital letters"),
        ("meter billing seller --name Apus --country EE --email nobody", 1, "mail address"),
        ("meter notice channels --sender nobody", 1, "one mail address"),
        ("meter notice channels --webhook ftp://host.example/x", 1, "https:// or http://"),
        ("meter notice channels --sendmail no-such-program-here", 1, "no program of this machine"),
        ("meter budget set --account lab --eur 10 --soft 20", 1, "nobody would be told"),
        ("meter budget set --account lab --eur=-1", 64, "at least 0"),
        ("meter limit set --account lab --rpm 1000000001", 64, "1 to 1000000000"),
        ("meter limit set --account lab --rpm -5", 64, "1 to 1000000000"),
        ("meter limit set --account lab --rpm --tpm 5", 64, "'--tpm' is invalid for '--rpm"),
        ("keys create --rpm -5", 64, "above 0"),
        ("meter limit set --account lab --rpm 5 --burst 0", 64, "1 to 3600 seconds"),
        ("meter limit set --rpm 5", 64, "--model beside one of both"),
        ("meter limit set --account lab --no rpm", 1, "account lab has no limits of its own"),
        ("meter limit set --account lab --rpm 5 --no rpm", 64, "either set or taken away"),
        ("meter budget set --account lab --model tiny --eur 5", 64, "for a key or an account"),
        ("meter budget set --account lab --eur -1", 64, "at least 0"),
        ("meter price publish tiny --input -1 --output 2", 64, "from 0 to 1000000"),
        ("meter billing set --days -1", 1, "0 to 365 days"),
        ("meter billing set --tax -1", 1, "0 to 100 percent"),
        ("meter retention set --events -1", 1, "2 to 1200 months"),
        ("meter usage --requests -3", 64, "above 0"),
        ("meter audit list --limit -3", 64, "above 0"),
        ("meter billing seller --name Apus --country UK", 1, "'UK' is 'GB'"),
        ("meter billing seller --name Apus --country EE --vat-id 1", 1, "letters of its country"),
        ("meter billing set --iban EE38", 1, "typing error"),
        ("meter dispute resolve 1", 64, "--upheld or"), ("meter invoice pay A-1", 64, "--reverse"),
        ("meter billing set", 64, "Give what is"), ("meter retention set", 64, "Give what is"),
        ("meter key confine abcd1234", 64, "Give models"),
        ("meter key rotate abc", 64, "8 letters and digits"),
        ("meter usage --month nov", 64, "as 2026-11"),
        ("meter account close lab", 1, "account terminate"),
        ("meter limit show --account nobody", 1, "no account is called"),
        ("meter price publish tiny --input 1000001 --output 2", 64, "from 0 to 1000000"),
        ("meter key create --account lab --expires 2020-01-01", 1, "in the past"),
        ("meter key brand Apus", 64, "small letters"), ("meter key brand --test", 64, "brand"),
        ("meter model retire tiny --on 29d", 1, "30 days of notice"),
        ("meter model retire tiny --on 30d --successor tiny", 1, "its own successor"),
        ("meter model retire tiny --on 30d --successor tiny-2", 1, "meter model add"),
        ("meter account member lab --role owner", 64, "of --email"),
      ]
      let before = try await desk.json("meter audit list").arrayValue?.count
      for (line, status, words) in wrong {
        let outcome = try await desk.run(line)
        #expect(outcome.status == status, "\(line): \(outcome.errors)")
        #expect(outcome.errors.contains(words), "\(line): \(outcome.errors)")
      }
      #expect(try await desk.json("meter audit list").arrayValue?.count == before)
    }
  }

  @Test func `thirty days from now are thirty days, and brands, limits and the doctor answer`()
    async throws
  {
    try await withDesk { desk async throws in
      #expect(try await desk.run("meter account create lab --active").status == 0)
      #expect(try await desk.run("meter model add tiny").status == 0)
      #expect(try await desk.run("meter model add tiny-2").status == 0)
      let retired = try await desk.run("meter model retire tiny --on 30d --successor tiny-2")
      #expect(retired.status == 0, "\(retired.errors)")
      #expect(try await desk.json("meter model list")[0]?["successor"] == "tiny-2")
      #expect(try await desk.run("meter model keep tiny").status == 0)
      #expect(try await desk.json("meter model list") == [])
      #expect(try await desk.json("meter key brand")["begins_with"] == "apus_live_")
      #expect(try await desk.json("meter key brand sk-lab --test")["begins_with"] == "sk-lab_test_")
      let key = try await desk.json("meter key create --account lab")
      #expect(key["key"]?.stringValue?.hasPrefix("sk-lab_test_") == true)
      let list = try await desk.run("keys list").text
      #expect(list.hasPrefix("name ") && list.contains("lab") && list.contains("service"))
      // What is not given stays as it was.
      for given in [
        "--account lab --rpm 5 --tpm 9", "--account lab --parallel 2", "--account lab --no tpm",
        "--model tiny --rpm 6", "--account lab --model tiny --rpm 60 --burst 30",
      ] { #expect(try await desk.run("meter limit set \(given)").status == 0) }
      #expect(try await desk.json("meter limit show").arrayValue?.count == 3)
      let rows = try await desk.json("meter limit show --account lab").arrayValue
      #expect(rows?.map { $0["of"] } == ["account lab", "account lab at model tiny"])
      #expect(rows?.map { $0["limits"] } == ["rpm 5/5, par 2", "rpm 60/30"])
      #expect(try await desk.run("meter credit mode lab prepaid").status == 0)
      #expect(try await desk.json("meter credit add lab --eur 8")["left_eur"] == "8.00")
      #expect(try await desk.json("meter credit add lab --eur -5")["left_eur"] == "3.00")
      let findings = try await desk.json("meter doctor").arrayValue ?? []
      #expect(findings.contains { $0["subject"] == "audit trail" && $0["state"] == "good" })
      #expect(findings.contains { $0["subject"] == "notices" && $0["state"] == "advice" })
    }
  }

  @Test func `an account and its key go through their lives`() async throws {
    try await withDesk { desk async throws in
      let account = try await desk.json("meter account create lab")
      #expect(account["state"] == "pending")
      let early = try await desk.run("keys create --account lab")
      #expect(early.status == 1 && early.errors.contains("not active"))
      #expect(try await desk.json("meter account activate lab")["state"] == "active")
      let key = try await desk.json("meter key create --account lab --role main_user --expires 30d")
      let name = try #require(key["name"]?.stringValue)
      let shown = try await desk.json("keys show \(name)")
      #expect(shown["account"] == "lab" && shown["role"] == "main_user")
      #expect(shown["expires"]?.stringValue?.hasSuffix("Z") == true)
      #expect(
        try await desk.run("keys confine \(name) --model tiny --address 192.0.2.0/24").status == 0)
      let confined = try await desk.json("keys show \(name)")
      #expect(confined["models"] == ["tiny"] && confined["addresses"] == ["192.0.2.0/24"])
      let next = try await desk.json("meter key rotate \(name) --grace 15m")
      #expect(next["name"] != key["name"])
      let secret = try #require(next["key"]?.stringValue)
      #expect(try await desk.run("keys report-leak", input: "not a key\n").status == 1)
      #expect(try await desk.run("keys report-leak", input: secret + "\n").status == 0)
      let states = try await desk.json("keys list").arrayValue?.map { $0["state"] }
      #expect(states == ["active", "revoked"])
      #expect(try await desk.run("meter account suspend lab --reason terms").status == 1)
      #expect(try await desk.run("meter warn lab --reason terms").status == 0)
      let stopped = try await desk.json("meter account suspend lab --reason terms")
      #expect(stopped["state"] == "suspended" && stopped["reason"] == "terms")
      let trail = try await desk.json("meter audit list")
      #expect(trail.arrayValue?.count == 12)
      #expect(trail[0]?["did"] == "notice.publish" && trail[1]?["did"] == "account.state")
      #expect(try await desk.json("meter audit verify")["whole"] == true)
    }
  }

  @Test func `limits, budgets and prices are set and shown`() async throws {
    try await withDesk { desk async throws in
      _ = try await desk.json("meter account create lab --active")
      _ = try await desk.json("meter price publish tiny --input 0.20 --output 0.80")
      let price = try await desk.json("meter price list")[0]
      #expect(price?["input"] == "0.20" && price?["cached"] == "0.20" && price?["output"] == "0.80")
      #expect(try await desk.run("meter limit set --account lab --rpm 60 --parallel 4").status == 0)
      #expect(try await desk.run("meter limit set --model tiny --tpm 9000").status == 0)
      let limits = try await desk.json("meter limit show")
      #expect(limits[0]?["of"] == "account lab" && limits[0]?["limits"] == "rpm 60/10, par 4")
      #expect(limits[1]?["of"] == "model tiny" && limits[1]?["limits"] == "tpm 9000/9000")
      #expect(try await desk.run("meter limit set --model tiny --defaults").status == 0)
      #expect(try await desk.json("meter limit show").arrayValue?.count == 1)
      #expect(try await desk.run("meter budget set --account lab --eur 12.50").status == 0)
      let budget = try await desk.json("meter budget show")[0]
      #expect(budget?["limit_eur"] == "12.50" && budget?["spent_eur"] == "0.00")
      #expect(try await desk.run("meter budget set --account lab --soft 10").status == 0)
      let none = try await desk.run("meter budget set --account lab --eur 0")
      #expect(none.status == 1 && none.errors.contains("give --soft too"), "\(none.errors)")
      let tried = try await desk.json("meter limit simulate --account lab --rpm 1")
      #expect(tried["requests"] == 0)
      let run = try await desk.json("meter price dry-run tiny --input 9 --output 9")
      #expect(run["would_be_eur"] == "0.00")
    }
  }

  @Test(arguments: [
    ("meter account create", 64), ("meter account suspend lab --reason mood", 64),
    ("meter limit set --account lab", 64), ("meter limit set --rpm 5", 64),
    ("meter limit set --account lab --rpm 0", 64), ("meter budget set --model tiny --eur 1", 64),
    ("meter budget set --account lab --eur 1,5", 64),
    ("meter price publish tiny --input 0.0000001 --output 1", 64),
    ("meter price publish tiny --input 1 --cached 2 --output 1", 64),
    ("meter price publish tiny --input 1 --output 1 --from 2001-01-01", 1),
    ("meter account activate nobody", 1), ("meter key show abcd1234", 1),
    ("meter usage --month 2026-13", 64), ("meter key rotate short --grace 1y", 64),
  ]) func `what makes no sense is refused in one line`(_ arguments: String, _ status: Int)
    async throws
  {
    try await withDesk { desk async throws in
      let outcome = try await desk.run(arguments)
      #expect(outcome.status == Int32(status), "\(arguments): \(outcome.errors)")
      #expect(outcome.text.isEmpty)
      #expect(outcome.errors.contains("Error: "))
    }
  }

  @Test func `an empty ledger is whole, and a backup of it too`() async throws {
    try await withDesk { desk async throws in
      let nothing = Desk(folder: desk.folder + "/nothing")
      #expect(try await nothing.run("meter doctor").errors.contains("no ledger"))
      #expect(!FileManager.default.fileExists(atPath: nothing.folder))
      #expect(try await desk.json("meter reconcile") == [])
      #expect(try await desk.json("meter usage") == [])
      #expect(try await desk.run("meter backup \(desk.folder)/copy").status == 0)
      let copy = Desk(folder: desk.folder + "/copy")
      #expect(try await copy.json("meter account list") == [])
      #expect(try await desk.run("meter backup \(desk.folder)/copy").status == 1)
    }
  }

  @Test func `parties and terms are set, and nothing is owed where nothing was used`() async throws
  {
    try await withDesk { desk async throws in
      _ = try await desk.json("meter account create lab --active")
      let party = "--name Apus --country EE --vat-id EE1"
      #expect(try await desk.run("meter billing seller \(party)").status == 0)
      #expect(try await desk.run("meter billing buyer lab --name Lab --country SI").status == 0)
      let billing = try await desk.json(
        "meter billing set --zone Europe/Tallinn --tax 25.5 --days 30 --series A-")
      #expect(billing["seller"] == "Apus" && billing["zone"] == "Europe/Tallinn")
      #expect(billing["tax_percent"] == "25.50" && billing["payment_days"] == 30)
      #expect(try await desk.json("meter billing set --days 14")["series"] == "A-")
      #expect(try await desk.json("meter invoice draft lab") == [])
      #expect(try await desk.json("meter invoice issue") == [])
      #expect(try await desk.run("meter invoice issue --month 2999-01").status == 1)
      #expect(try await desk.json("meter invoice dun") == [])
      #expect(try await desk.json("meter dispute list") == [])
      #expect(try await desk.json("meter account paid lab")["paid_eur"] == "0.00")
      for refused in ["invoice show A-1", "invoice pay A-1 --eur 1", "dispute open A-1 --line 1"] {
        #expect(try await desk.run("meter \(refused)").status == 1)
      }
    }
  }

  @Test func `a notice goes out by the mail command that was set`() async throws {
    try await withDesk { desk async throws in
      _ = try await desk.json("meter account create lab --active")
      _ = try await desk.json("meter account member lab --email a@lab.example --role owner")
      // 'tee' takes a mail on its standard input as sendmail does, and keeps it.
      let mail = desk.folder + "/mail"
      let channels = try await Program.apus(
        "meter", "notice", "channels", "--sender", "apus@host.example", "--sendmail",
        "tee \(mail)", environment: ["APUS_DATA": desk.folder])
      #expect(channels.status == 0)
      let published = try await desk.run("meter notice publish Maintenance --body Sunday")
      #expect(published.status == 0 && published.errors.contains("1 delivery is to be made"))
      #expect(try await desk.json("meter notice send")[0]?["sent"] == true)
      #expect(try await desk.json("meter notice send") == [])
      let text = try String(contentsOfFile: mail, encoding: .utf8)
      #expect(text.hasPrefix("From: apus@host.example\nTo: a@lab.example\nSubject: Maintenance\n"))
      #expect(text.hasSuffix("\n\nSunday\n"))
      _ = try await Program.apus(
        "meter", "notice", "channels", "--sendmail", "false",
        environment: ["APUS_DATA": desk.folder])
      #expect(try await desk.run("meter notice publish Again --body Monday").status == 0)
      #expect(try await desk.json("meter notice send")[0]?["sent"] == false)
      #expect(try await desk.json("meter terms list") == [])
      #expect(try await desk.json("meter model list") == [])
      #expect(try await desk.run("meter model retire tiny --on 10d").status == 1)
      let deliveries = try await desk.json("meter notice list")
      #expect(deliveries[0]?["state"] == "pending" && deliveries[0]?["attempts"] == 1)
    }
  }
}

@Suite struct PromisesCommandTests {
  @Test func `promises are listed with the run that proved each last`() async throws {
    try await TemporaryFolder.with { folder async throws in
      let (log, file) = (folder + "/log", folder + "/promises.json")
      try #"""
      ✔ Test "promise 7: a revoked key stops at once" passed after 0.02 seconds.
      ✔ Test somethingElse() passed after 0.02 seconds.
      ✔ Test `promise 8: the sum`() passed after 0.1 seconds.
      ✘ Test "promise 9: who breaks the terms" failed after 0.1 seconds with 1 issue.
      """#.write(toFile: log, atomically: true, encoding: .utf8)
      try #"{"9": {"test": "promise 9: old", "passed": "2026-01-01T00:00:00Z", "commit": "a"}}"#
        .write(toFile: file, atomically: true, encoding: .utf8)
      let noted = try await Program.run(
        "/usr/bin/env", ["python3", Fixtures.packageRoot + "/scripts/note-promises", log, file])
      #expect(noted.status == 0, "\(noted.errors)")
      let listed = try await Program.apus(
        "promises", "--json", environment: ["APUS_PROMISES": file])
      let rows = try #require(try JSONValue.parse(listed.text).arrayValue)
      #expect(rows.map { $0["number"]?.intValue } == Array(1...36))
      #expect(rows.allSatisfy { $0["test"]?.stringValue != nil })
      #expect(rows[6]["passed"]?.stringValue?.hasSuffix("Z") == true)
      #expect(rows[7]["passed"]?.stringValue != nil)
      #expect(rows[8]["passed"] == .null && rows[0]["passed"] == .null)
    }
  }
}
