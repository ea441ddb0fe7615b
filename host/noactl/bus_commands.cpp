#include <unistd.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "base/ids.hpp"
#include "base/trace_context.hpp"
#include "noa/message.h"
#include "noactl/commands.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

namespace {

using nlohmann::json;

Result<std::string> read_stdin() {
    std::string body;
    std::array<char, 65'536> piece{};
    while (true) {
        const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
        if (got == 0) {
            return body;
        }
        if (got < 0 && errno != EINTR) {
            return fail_errno("read body", "standard input", errno);
        }
        body.append(piece.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
        if (body.size() > NOA_BODY_MAX) {
            return fail(Errc::invalid, "read body", "standard input", "longer than 16 MiB");
        }
    }
}

Result<std::string> body_of(const std::string& given, bool raw) {
    auto body = given == "-" ? read_stdin() : Result<std::string>(given);
    if (!body || raw || body->empty()) {
        return body;
    }
    if (json::accept(*body)) {
        return body;
    }
    // Parsed again for the place; its depth does not matter to this parser.
    auto parsed = control::parse_json(*body, given == "-" ? "standard input" : "body",
                                      control::answer_limits);
    std::string reason = parsed ? "not JSON" : parsed.error().reason;
    return fail(Errc::invalid, "read body", given == "-" ? "standard input" : given.substr(0, 80),
                std::move(reason), "quote it for the shell, or give --raw for text as it is");
}

// Prints a message's body as people or pipes want it.
void print_body(const std::string& body, bool raw) {
    if (raw || ::isatty(STDOUT_FILENO) != 1) {
        print(body);
        if (!raw && !body.empty() && body.back() != '\n') {
            print("\n");
        }
        return;
    }
    if (const auto parsed = control::parse_json(body, "reply", control::answer_limits)) {
        print(json_text(*parsed, false) + "\n");
    } else if (!body.empty()) {
        print(escape_lines(body) + "\n");
    }
}

int exit_code_of_status(std::int64_t status) noexcept {
    switch (status) {
    case NOA_OK: return exit_ok;
    case NOA_E_DENIED: return exit_refused;
    case NOA_E_EXPIRED: return exit_timed_out;
    default: return exit_failed;
    }
}

Result<json> target_args(const CallOptions& options) {
    const auto body = body_of(options.body, options.raw);
    if (!body) {
        return Failure(body.error());
    }
    json args{{"agent", options.agent}, {"operation", options.operation}};
    control::put_body(args, *body);
    return args;
}

// Told on standard error: the reply alone is on standard output.
std::string begin_trace() {
    const auto trace = make_id();
    const auto span = make_id();
    TraceContext context;
    std::memcpy(context.trace.data(), trace.bytes, context.trace.size());
    std::memcpy(context.span.data(), span.bytes + context.span.size(), context.span.size());
    context.sampled = true;
    say("trace " + to_hex(context.trace));
    return to_traceparent(context);
}

// Runs `run` with args that could still be wrong: those are a matter of usage.
template <class Run>
int with_args(const Result<json>& args, Run run) {
    if (!args) {
        complain(args.error());
        return exit_usage;
    }
    return run(*args);
}

std::string event_text(const Globals& globals, const json& event) {
    if (const auto gap = number(event, "gap"); gap > 0) {
        return colored("… " + std::to_string(gap) + " events were dropped here: too slow",
                       Tone::notice, globals.screen()) +
               "\n";
    }
    const auto body = control::get_body(event);
    return colored(escape_text(member(event, "subject")), Tone::good, globals.screen()) + " " +
           escape_text(member(event, "from")) + " " + escape_text(body ? *body : "(broken body)") +
           "\n";
}

} // namespace

int call(const Globals& globals, const CallOptions& options) {
    return with_args(target_args(options), [&](json args) {
        const auto timeout = std::chrono::milliseconds(
            static_cast<std::int64_t>(std::ceil(options.timeout_s * 1e3)));
        args["timeout_ms"] = timeout.count();
        if (options.trace) {
            args["traceparent"] = begin_trace();
        }
        return with_client(globals, [&](Client& client) -> Result<int> {
            const auto reply = client.ask("call", args, timeout + question_timeout);
            if (!reply) {
                return Failure(reply.error());
            }
            const auto body = control::get_body(*reply);
            if (!body) {
                return Failure(body.error());
            }
            const auto status = number(*reply, "status");
            if (globals.json) {
                print(json_text(*reply, false) + "\n");
            } else if (status == NOA_OK) {
                print_body(*body, options.raw);
            }
            if (status != NOA_OK) {
                complain({Errc::refused,
                          "call",
                          options.agent + " " + options.operation,
                          member(*reply, "status_name") + (body->empty() ? "" : ": " + *body),
                          {}});
            }
            return exit_code_of_status(status);
        });
    });
}

int send(const Globals& globals, const CallOptions& options) {
    return with_args(target_args(options), [&](const json& args) {
        return ask_and_print(globals, "send", args, [](const json&) { return std::string(); });
    });
}

int publish(const Globals& globals, const std::string& subject, const std::string& body, bool raw) {
    const auto text = body_of(body, raw);
    Result<json> args = json{{"subject", subject}};
    if (text) {
        control::put_body(*args, *text);
    } else {
        args = Failure(text.error());
    }
    return with_args(args, [&](const json& good) {
        return ask_and_print(globals, "publish", good, [](const json& answer) {
            return "accepted by " + member(answer, "accepted") + "\n";
        });
    });
}

int subscribe(const Globals& globals, const std::string& pattern, std::uint64_t count) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto interrupt = Interrupt::open();
        if (!interrupt) {
            return Failure(interrupt.error());
        }
        std::uint64_t seen = 0;
        const auto on_event = [&](const json& event) {
            print(globals.json ? json_text(event, true) + "\n" : event_text(globals, event));
            const bool written = std::fflush(stdout) == 0;
            seen += event.contains("gap") ? 0U : 1U;
            return written && (count == 0 || seen < count);
        };
        const auto ended = client.stream(
            "subscribe", {{"pattern", pattern}}, on_event,
            [&](const json&) { say("subscribed to " + pattern); }, interrupt->fd());
        if (!ended) {
            return Failure(ended.error());
        }
        return *ended == Client::Ended::interrupted ? exit_interrupted : exit_ok;
    });
}

} // namespace noa::noactl
