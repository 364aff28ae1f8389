#include "server/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <ostream>

#include "base/error.h"
#include "base/nearest_name.h"
#include "server/cli/client_verbs.h"
#include "server/cli/exit_code.h"
#include "server/cli/flag_checks.h"
#include "server/version.h"

namespace millrace {
namespace {

// What the flags of the client verbs are parsed into.
struct ClientFlags {
  std::string server;
  std::string output;
  std::string target;  // NAME or FILE
  uint32_t parallelism = 0;
  uint64_t from_checkpoint = 0;
  std::string sink_ahead;
  bool detach = false;
  bool local = false;
  bool wait = false;
  bool drain = false;
  double timeout_seconds = 600;
};

constexpr absl::Duration kCallTimeout = absl::Seconds(10);
constexpr char kFooter[] =
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 not possible now, 5 no coordinator answers, 124 timed out";

class CommandLine {
 public:
  explicit CommandLine(const CliEnvironment& environment)
      : environment_(environment), app_("Millrace: exactly-once stream processing, from Kafka to lakehouse tables.", "millrace") {
    app_.allow_extras();
    app_.footer(kFooter);
    AddRoles();
    AddClientVerbs();
    auto* version = AddVerb("version", "Prints the version.");
    AddOutput(version);
    verbs_.back().run = [this] {
      *environment_.out << (client_.output == "json" ? Cat("{\"version\": \"", kVersion, "\"}") : Cat("millrace ", kVersion)) << std::endl;
      return kExitOk;
    };
  }

  int Run(std::vector<std::string> arguments) {
    if (!arguments.empty() && (arguments[0] == "--version" || arguments[0] == "-V")) arguments[0] = "version";
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants it
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::Success& help) {
      return app_.exit(help, *environment_.out, *environment_.err);
    } catch (const CLI::ParseError& error) {
      // A misspelt flag is the likelier cause of a missing one.
      if (int code = RefuseUnknown(); code != kExitOk) return code;
      return Usage(Cat(ProblemOf(error), SeeHelp(ParsedVerb())));
    }
    if (int code = RefuseUnknown(); code != kExitOk) return code;
    for (const auto& verb : verbs_) {
      if (verb.app->parsed()) return verb.run();
    }
    *environment_.err << app_.help() << std::flush;
    return kExitUsage;
  }

 private:
  struct Verb {
    CLI::App* app;
    std::function<int()> run;
  };

  CLI::App* AddVerb(const std::string& name, const std::string& description) {
    CLI::App* verb = app_.add_subcommand(name, description);
    verb->footer(kFooter);
    verb->allow_extras();  // refused with a suggestion, below
    verbs_.push_back({verb, nullptr});
    return verb;
  }

  void AddRoles() {
    if (environment_.coordinator) {
      auto* verb = AddVerb("coordinator", "Runs a coordinator: it plans, places, checkpoints, and serves the API.");
      AddCoordinatorFlags(verb, &coordinator_);
      verbs_.back().run = [this] { return environment_.coordinator(coordinator_); };
    }
    if (environment_.worker) {
      auto* verb = AddVerb("worker", "Runs a worker: it reads, computes and writes.");
      verb->add_option("--coordinator", worker_.coordinator, "the coordinator's internal port")
          ->check(HostAndPort())
          ->capture_default_str();
      AddSlots(verb, &worker_.slots);
      AddMemory(verb, &worker_.memory);
      AddPort(verb, "--http-port", "metrics and health", &worker_.http_port);
      AddPort(verb, "--internal-port", "data from other workers", &worker_.internal_port);
      AddPlace(verb, &worker_.bind, &worker_.insecure, &worker_.data_dir);
      AddLogFormat(verb, &worker_.log_format);
      verbs_.back().run = [this] { return environment_.worker(worker_); };
    }
    if (environment_.dev) {
      auto* verb = AddVerb("dev", "Runs a coordinator and a worker in one process, on this machine only.");
      AddCoordinatorFlags(verb, &dev_.coordinator);
      AddSlots(verb, &dev_.slots);
      AddMemory(verb, &dev_.memory);
      verbs_.back().run = [this] { return environment_.dev(dev_); };
    }
  }

  void AddCoordinatorFlags(CLI::App* verb, CoordinatorFlags* flags) {
    AddPort(verb, "--grpc-port", "the public API", &flags->grpc_port);
    AddPort(verb, "--http-port", "metrics, health and reading", &flags->http_port);
    AddPort(verb, "--internal-port", "workers", &flags->internal_port);
    AddPlace(verb, &flags->bind, &flags->insecure, &flags->data_dir);
    AddLogFormat(verb, &flags->log_format);
  }
  static void AddLogFormat(CLI::App* verb, LogFormat* format) {
    const std::map<std::string, LogFormat> formats = {{"logfmt", LogFormat::kLogfmt}, {"json", LogFormat::kJson}};
    verb->add_option("--log-format", *format, "how log lines on stderr look: logfmt or json")
        ->transform(CLI::CheckedTransformer(formats).description("{logfmt,json}"))
        ->default_str("logfmt");
  }
  static void AddPort(CLI::App* verb, const std::string& flag, const std::string& what, int* port) {
    verb->add_option(flag, *port, "port for " + what + "; 0 takes a free one, which is printed")
        ->check(WholeNumber(0, 65535))
        ->capture_default_str();
  }
  static void AddSlots(CLI::App* verb, int* slots) {
    verb->add_option("--slots", *slots, "subtasks it can run at once")->check(WholeNumber(1, 1024))->capture_default_str();
  }
  static void AddMemory(CLI::App* verb, MemoryFlags* memory) {
    auto add = [&](const std::string& flag, std::string* size, const std::string& what, const std::string& share) {
      verb->add_option(flag, *size, what)->check(ByteSize())->default_str(share + " of the memory it may use");
    };
    add("--memory-buffers", &memory->buffers, "for rows on their way; above it sources wait", "20 %");
    add("--memory-state", &memory->state, "for operators' state, shared equally by slots; above its slot's share a pipeline fails", "40 %");
    add("--memory-snapshots", &memory->snapshots, "for what is on its way to storage; above it checkpoints wait", "20 %");
  }
  void AddPlace(CLI::App* verb, std::string* bind, bool* insecure, std::string* data_dir) {
    *data_dir = DefaultDataDir(environment_);
    verb->add_option("--bind", *bind, "IP address to listen on")->capture_default_str();
    verb->add_flag("--insecure", *insecure, "allow an address that other machines can reach, without TLS");
    verb->add_option("--data-dir", *data_dir, "directory for state, checkpoints and metadata")
        ->transform([](const std::string& path) { return std::filesystem::absolute(path).string(); })
        ->capture_default_str();
  }

  void AddClientVerbs() {
    auto* run = AddClientVerb("run", "Creates and starts a pipeline, and follows it until it ends or Ctrl-C.",
                              [this](ClientVerbs* verbs) { return verbs->Run(client_.target, client_.detach, client_.parallelism); });
    AddFile(run);
    AddLocal(run);
    run->add_flag("-d,--detach", client_.detach, "print the name and return once it is starting");
    AddParallelism(run);

    auto* start = AddClientVerb("start", "Starts a pipeline where it stopped, or from an older checkpoint.", [this](ClientVerbs* verbs) {
      v1::StartRequest request;
      request.set_name(client_.target);
      request.set_parallelism(client_.parallelism);
      request.set_from_epoch(client_.from_checkpoint);
      if (client_.sink_ahead == "accept-duplicates") request.set_sink_ahead(v1::SINK_AHEAD_ACCEPT_DUPLICATES);
      return verbs->Start(request, client_.wait, absl::Seconds(client_.timeout_seconds));
    });
    AddName(start, true);
    AddParallelism(start);
    auto* from = start->add_option("--from-checkpoint", client_.from_checkpoint,
                                   "a retained checkpoint to go back to (`millrace describe NAME` lists them); later ones are abandoned")
                     ->check(WholeNumber(1, std::numeric_limits<int64_t>::max()));
    start->add_option("--sink-ahead", client_.sink_ahead, "what if a table holds rows of later checkpoints: fail, or accept-duplicates")
        ->check(OneOf("fail", "accept-duplicates"))
        ->needs(from);
    start->add_flag("--wait", client_.wait, "return once it runs");
    AddTimeout(start);

    auto* stop = AddClientVerb("stop", "Stops a pipeline with a checkpoint, and waits until it has stopped.", [this](ClientVerbs* verbs) {
      return verbs->Stop(client_.target, client_.drain, absl::Seconds(client_.timeout_seconds));
    });
    AddName(stop, true);
    stop->add_flag("--drain", client_.drain, "fire every open window first");
    AddTimeout(stop);

    AddName(AddClientVerb("cancel", "Stops a pipeline at once; the next start reads again what was not committed.",
                          [this](ClientVerbs* verbs) { return verbs->Cancel(client_.target); }),
            true);
    AddName(AddClientVerb("get", "Lists pipelines, or shows one.", [this](ClientVerbs* verbs) { return verbs->Get(client_.target); }), false);
    AddName(AddClientVerb("describe", "Shows everything about a pipeline.",
                          [this](ClientVerbs* verbs) { return verbs->Describe(client_.target); }),
            true);
    auto* validate = AddClientVerb("validate", "Checks a plan or a script without creating anything.",
                                   [this](ClientVerbs* verbs) { return verbs->Validate(client_.target); });
    AddFile(validate);
    AddLocal(validate);
    auto* explain = AddClientVerb("explain", "Prints what a plan or a script would run.",
                                  [this](ClientVerbs* verbs) { return verbs->Explain(client_.target); });
    AddFile(explain);
    AddLocal(explain);
  }

  CLI::App* AddClientVerb(const std::string& name, const std::string& description, std::function<int(ClientVerbs*)> run) {
    client_.server = environment_.variable("MILLRACE_SERVER").value_or("127.0.0.1:7070");
    auto* verb = AddVerb(name, description);
    verb->add_option("--server", client_.server, "the coordinator's public port; default: MILLRACE_SERVER")->capture_default_str();
    AddOutput(verb);
    verbs_.back().run = [this, verb, run = std::move(run)] {
      // Not a check of the flag, which would let MILLRACE_SERVER pass.
      if (std::string wrong = HostAndPort()(client_.server); !wrong.empty()) {
        return Usage(Cat("--server or MILLRACE_SERVER: ", wrong, SeeHelp(verb)));
      }
      if (client_.local) return RunLocally(run);
      PipelineClient client(client_.server, kCallTimeout);
      ClientVerbs verbs(&environment_, &client, client_.output == "json");
      return run(&verbs);
    };
    return verb;
  }
  void AddOutput(CLI::App* verb) {
    verb->add_option("-o,--output", client_.output, "json: proto JSON on stdout, and an error as JSON on stderr")
        ->check(OneOf("json", "text"));
  }
  void AddFile(CLI::App* verb) {
    verb->add_option("FILE", client_.target, "a script of SQL, FILE.sql, or a plan as JSON; -: standard input")
        ->required()
        ->check(ReadableFile());
  }
  void AddLocal(CLI::App* verb) {
    if (!environment_.local) return;
    verb->add_flag("--local", client_.local, "in a cluster inside this process, which is gone afterwards");
  }
  int RunLocally(const std::function<int(ClientVerbs*)>& run) {
    if (client_.detach) return Usage("--local ends with this command, so it cannot --detach; leave one out");
    // From here on Ctrl-C is for what is followed, and the directory is removed.
    environment_.on_follow();
    auto cluster = environment_.local();
    if (!cluster.ok()) {
      *environment_.err << "millrace: " << std::string(cluster.status().message()) << std::endl;
      return ExitCodeOf(cluster.status());
    }
    PipelineClient client((*cluster)->address(), kCallTimeout);
    ClientVerbs verbs(&environment_, &client, client_.output == "json", *cluster);
    const int code = run(&verbs);
    (*cluster)->Remove();
    return code;
  }
  void AddName(CLI::App* verb, bool required) { verb->add_option("NAME", client_.target, "name of the pipeline")->required(required); }
  void AddParallelism(CLI::App* verb) {
    verb->add_option("--parallelism", client_.parallelism, "subtasks per operator; default: as before, or as the plan says")
        ->check(WholeNumber(1, 720));
  }
  void AddTimeout(CLI::App* verb) {
    verb->add_option("--timeout", client_.timeout_seconds, "seconds to wait")->check(SecondsToWait())->capture_default_str();
  }

  // Names a flag, verb or argument that nobody knows, and the nearest one that exists.
  int RefuseUnknown() {
    std::vector<std::string> names;
    for (const auto& verb : verbs_) names.push_back(verb.app->get_name());
    for (const auto& verb : verbs_) {
      if (!verb.app->parsed()) continue;
      auto unknown = verb.app->remaining();
      if (unknown.empty()) continue;
      return Unknown(verb.app, unknown.front());
    }
    auto unknown = app_.remaining();
    if (unknown.empty()) return kExitOk;
    bool flag = unknown.front()[0] == '-';
    if (flag) return Unknown(&app_, unknown.front());
    return Usage(Cat("unknown verb: ", unknown.front(), Suggestion(unknown.front(), names), SeeHelp(nullptr)));
  }

  CLI::App* ParsedVerb() {
    for (const auto& verb : verbs_) {
      if (verb.app->parsed()) return verb.app;
    }
    return nullptr;
  }
  // Where to look; `verb` may be null.
  static std::string SeeHelp(const CLI::App* verb) {
    return verb == nullptr ? "; see `millrace --help`" : Cat("; see `millrace ", verb->get_name(), " --help`");
  }
  // CLI11's own words, but for those that only it understands.
  static std::string ProblemOf(const CLI::ParseError& error) {
    std::string problem = error.what();
    if (error.get_name() == "ArgumentMismatch") return Cat(problem.substr(0, problem.find(':')), ": a value is missing");
    return problem;
  }

  int Unknown(CLI::App* app, const std::string& argument) {
    std::string see = SeeHelp(app == &app_ ? nullptr : app);
    if (argument[0] != '-') return Usage(Cat("unexpected argument: ", argument, see));
    std::vector<std::string> flags;
    for (const auto* option : app->get_options()) {
      for (const auto& name : option->get_lnames()) flags.push_back("--" + name);
    }
    std::string flag = argument.substr(0, argument.find('='));
    return Usage(Cat("unknown flag: ", flag, Suggestion(flag, flags), see));
  }

  static std::string Suggestion(const std::string& word, const std::vector<std::string>& candidates) {
    auto nearest = NearestName(word, candidates);
    return nearest.has_value() ? Cat("; did you mean ", *nearest, "?") : "";
  }

  int Usage(const std::string& problem) {
    *environment_.err << "millrace: " << problem << std::endl;
    return kExitUsage;
  }

  const CliEnvironment& environment_;
  CLI::App app_;
  std::vector<Verb> verbs_;
  ClientFlags client_;
  CoordinatorFlags coordinator_;
  WorkerFlags worker_;
  DevFlags dev_;
};

}  // namespace

int RunCommandLine(std::vector<std::string> arguments, const CliEnvironment& environment) {
  return CommandLine(environment).Run(std::move(arguments));
}

std::string DefaultDataDir(const CliEnvironment& environment) {
  std::string state_home = environment.variable("XDG_STATE_HOME").value_or("");
  // The standard says that a relative path is to be ignored.
  if (state_home.empty() || state_home[0] != '/') state_home = environment.variable("HOME").value_or("/") + "/.local/state";
  return state_home + "/millrace";
}

}  // namespace millrace
