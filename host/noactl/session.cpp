#include "noactl/session.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "base/clock.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) noexcept {
    return std::find(words.begin(), words.end(), text) != words.end();
}

// What a person reads for a value: times and durations by their key's unit.
std::string shown(const std::string& key, const nlohmann::json& value) {
    if (value.is_number_integer() && key.ends_with("_unix_ns")) {
        const auto ns = value.get<std::int64_t>();
        return ns == 0 ? "-" : duration_text(unix_ns() - ns) + " ago";
    }
    if (value.is_number_integer() && key.ends_with("_ns")) {
        return duration_text(value.get<std::int64_t>());
    }
    if (value.is_number() && key.ends_with("_s")) {
        return duration_text(static_cast<std::int64_t>(value.get<double>() * 1e9));
    }
    return value.is_string() ? value.get<std::string>() : json_text(value, true);
}

bool all_plain(const nlohmann::json& list) {
    return std::none_of(list.begin(), list.end(),
                        [](const auto& item) { return item.is_structured(); });
}

void add_fields(Table& table, const std::string& prefix, const nlohmann::json& value) {
    if (value.is_object() && !value.empty()) {
        for (const auto& [key, item] : value.items()) {
            add_fields(table, prefix.empty() ? key : std::string(prefix).append(".").append(key),
                       item);
        }
        return;
    }
    if (value.is_array() && !value.empty()) {
        if (all_plain(value)) {
            std::string text;
            for (const auto& item : value) {
                text += (text.empty() ? "" : ", ") + shown(prefix, item);
            }
            table.add({{prefix, Tone::faint}, text});
            return;
        }
        std::size_t index = 0;
        for (const auto& item : value) {
            add_fields(table, prefix + "[" + std::to_string(index++) + "]", item);
        }
        return;
    }
    const bool none = value.is_null() || (value.is_structured() && value.empty());
    table.add({{prefix, Tone::faint}, none ? "-" : shown(prefix, value)});
}

void to_stderr(std::string_view text) {
    const std::string line = "noactl: " + escape_lines(text) + "\n";
    static_cast<void>(std::fwrite(line.data(), 1, line.size(), stderr));
}

} // namespace

void print(std::string_view text) {
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stdout));
}

void print(const Globals& globals, const nlohmann::json& value,
           const std::function<std::string(const nlohmann::json&)>& show) {
    print(globals.json ? json_text(value, false) + "\n" : show(value));
}

void complain(const Error& error) {
    to_stderr(error.text());
}
void say(std::string_view text) {
    to_stderr(text);
}

int with_client(const Globals& globals, const WithClient& run) {
    auto client = Client::connect(globals.runtime_dir);
    if (!client) {
        complain(client.error());
        return client.error().code == Errc::denied ? exit_refused : exit_no_host;
    }
    const auto code = run(*client);
    if (!code) {
        std::fflush(stdout);
        complain(code.error());
        return exit_code_of(code.error().code);
    }
    return *code;
}

int ask_and_print(const Globals& globals, std::string_view verb, const nlohmann::json& args,
                  const std::function<std::string(const nlohmann::json&)>& show) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto answer = client.ask(verb, args, question_timeout);
        if (!answer) {
            return Failure(answer.error());
        }
        print(globals, *answer, show);
        return exit_ok;
    });
}

int print_stream(const Globals& globals, std::string_view verb, const nlohmann::json& args,
                 bool follow, const std::function<std::string(const nlohmann::json&)>& show) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto interrupt = Interrupt::open();
        if (!interrupt) {
            return Failure(interrupt.error());
        }
        const auto on_item = [&](const nlohmann::json& item) {
            print(globals.json ? json_text(item, true) + "\n" : show(item));
            return !follow || std::fflush(stdout) == 0;
        };
        const auto ended = client.stream(
            verb, args, on_item, [](const nlohmann::json&) {}, interrupt->fd());
        if (!ended) {
            return Failure(ended.error());
        }
        return *ended == Client::Ended::interrupted ? exit_interrupted : exit_ok;
    });
}

Result<Interrupt> Interrupt::open() {
    sigset_t signals{};
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    if (const int error = ::pthread_sigmask(SIG_BLOCK, &signals, nullptr); error != 0) {
        return fail_errno("watch signals", {}, error);
    }
    UniqueFd fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd) {
        return fail_errno("watch signals", {}, errno);
    }
    return Interrupt(std::move(fd));
}

const nlohmann::json& child(const nlohmann::json& object, const char* key) {
    static const nlohmann::json nothing;
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found == object.end() ? nothing : *found;
}

std::string member(const nlohmann::json& object, const char* key) {
    if (!object.is_object()) {
        return {};
    }
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) {
        return {};
    }
    return found->is_string() ? found->get<std::string>() : json_text(*found, true);
}

std::int64_t number(const nlohmann::json& object, const char* key) {
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found != object.end() && found->is_number() ? found->get<std::int64_t>() : 0;
}

Table fields_table(const nlohmann::json& value) {
    Table table({{"", false}, {"", false}});
    add_fields(table, value);
    return table;
}

void add_fields(Table& table, const nlohmann::json& value) {
    add_fields(table, "", value);
}

std::string outcomes_text(const Globals& globals, const nlohmann::json& answer) {
    Table table({{"AGENT"}, {"ACTION"}, {"GEN", true}, {"PAUSE", true}, {"NOTE"}});
    const auto found = answer.find("outcomes");
    if (found == answer.end() || found->empty()) {
        return "nothing to do\n";
    }
    for (const auto& outcome : *found) {
        const auto action = member(outcome, "action");
        const auto pause = number(outcome, "pause_ns");
        table.add({member(outcome, "agent"),
                   {action, tone_of_state(action)},
                   number(outcome, "generation") == 0 ? "" : member(outcome, "generation"),
                   pause == 0 ? "" : duration_text(pause),
                   member(outcome, "text")});
    }
    return table.render(globals.screen());
}

bool any_failed(const nlohmann::json& answer) {
    const auto outcomes = answer.find("outcomes");
    return outcomes != answer.end() &&
           std::any_of(outcomes->begin(), outcomes->end(), [](const nlohmann::json& outcome) {
               return member(outcome, "action") == "failed";
           });
}

Tone tone_of_state(std::string_view state) noexcept {
    if (is_one_of(state, {"running", "up", "healthy", "ok", "started", "reloaded"})) {
        return Tone::good;
    }
    if (is_one_of(state, {"failed", "down", "critical", "degraded", "stuck", "fail"})) {
        return Tone::bad;
    }
    if (is_one_of(state, {"stopped", "disabled", "unchanged", "keep"})) {
        return Tone::faint;
    }
    return Tone::notice;
}

} // namespace noa::noactl
