#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "noactl/plugin_commands.hpp"
#include "noactl/scratch_dir.hpp"
#include "noactl/text.hpp"
#include "plugin/child.hpp"
#include "plugin/limits.hpp"
#include "plugin/probe.hpp"
#include "plugin/scan.hpp"
#include "plugin/stage.hpp"
#include "plugin/text.hpp"
#include "plugin/verdict.hpp"

namespace noa::noactl {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t item_text_max = 1000;
constexpr std::size_t step_max = 40;

// In this order, each in a process of its own.
constexpr std::array<const char*, 7> lived_items = {"lifecycle", "settings", "messages", "state",
                                                    "threads",   "unload",   "reloads"};

struct Item {
    std::string name;
    std::string verdict; // "pass", "fail", "skipped"
    std::string text;
    std::int64_t took_ns = 0;
};

struct Battery {
    const ValidateArgs& args;
    std::vector<Item> items;
    std::optional<plugin::ProbeFacts> facts;
    std::string settings; // "": whatever the plugin accepts

    void add(std::string name, std::int64_t since_ns, const char* verdict, std::string text) {
        items.push_back({std::move(name), verdict, std::move(text), monotonic_ns() - since_ns});
    }
    [[nodiscard]] bool failed() const {
        return std::any_of(items.begin(), items.end(),
                           [](const Item& item) { return item.verdict == "fail"; });
    }
};

void look_at_bytes(Battery& battery) {
    const auto began = monotonic_ns();
    const auto scanned = plugin::scan(battery.args.file, {false, false});
    if (!scanned) {
        battery.add("file", began, "fail", scanned.error().reason);
        return;
    }
    battery.add("file", began, "pass",
                "contract " + std::to_string(scanned->abi_major) + "." +
                    std::to_string(scanned->abi_minor) + ", one export, nothing that pins it");
}

// As a host does before it loads a file: confined.
void probe(Battery& battery, const plugin::StagedFile& staged) {
    const auto began = monotonic_ns();
    auto facts =
        plugin::Probe(battery.args.runner, {}).run(staged, battery.settings, battery.args.timeout);
    if (!facts) {
        battery.add("probe", began, "fail", facts.error().reason);
        return;
    }
    const auto wanted = battery.args.file.stem().string();
    if (!facts->pinned.empty()) {
        battery.add("probe", began, "fail", facts->pinned.front());
    } else if (facts->id != wanted) {
        battery.add("probe", began, "fail",
                    plugin::differs("id", wanted + ", as the file is called", facts->id));
    } else {
        battery.add("probe", began, "pass", facts->id + " " + facts->version);
    }
    battery.facts = std::move(*facts);
}

// The last step that was told of, and the verdict when there is one.
struct Said {
    std::string step = "start";
    std::optional<nlohmann::json> verdict;
};

Said read_said(std::string_view output) {
    Said said;
    while (!output.empty()) {
        const auto end = output.find('\n');
        const auto line = output.substr(0, end);
        if (line.starts_with(plugin::step_prefix)) {
            said.step = plugin::printable(line.substr(plugin::step_prefix.size()), step_max);
        } else if (line.starts_with('{')) {
            said.verdict = plugin::parse_json(line);
        }
        output.remove_prefix(end == std::string_view::npos ? output.size() : end + 1);
    }
    return said;
}

std::string end_text(const plugin::ChildEnd& child, const Said& said,
                     std::chrono::milliseconds timeout) {
    if (child.timed_out) {
        return said.step + ": not done within " + std::to_string(timeout.count()) + " ms";
    }
    if (WIFSIGNALED(child.status)) {
        const char* name = ::sigabbrev_np(WTERMSIG(child.status));
        return said.step + ": killed by SIG" + (name == nullptr ? "?" : name);
    }
    return said.step + ": the process ended with exit code " +
           std::to_string(WEXITSTATUS(child.status));
}

// Nothing that the child says is believed beyond its form: it runs the plugin.
void try_item(Battery& battery, const char* name, const fs::path& file) {
    const auto began = monotonic_ns();
    const auto child =
        plugin::run_child(battery.args.runner, file, battery.settings, battery.args.timeout, name);
    if (!child) {
        battery.add(name, began, "fail", child.error().text());
        return;
    }
    const auto said = read_said(child->output);
    const auto verdict = said.verdict ? member(*said.verdict, "verdict") : std::string();
    for (const char* known : {"pass", "fail", "skipped"}) {
        if (verdict == known) {
            battery.add(name, began, known,
                        plugin::printable(member(*said.verdict, "text"), item_text_max));
            return;
        }
    }
    battery.add(name, began, "fail", end_text(*child, said, battery.args.timeout));
}

void skip_lived(Battery& battery, const std::string& why) {
    for (const char* name : lived_items) {
        battery.add(name, monotonic_ns(), "skipped", why);
    }
}

Result<void> run_battery(Battery& battery) {
    const ScratchDir scratch;
    auto stage = plugin::StageDir::open(scratch.path() / "stage");
    if (scratch.path().empty() || !stage) {
        return stage ? fail(Errc::system, "validate plugin", "TMPDIR", "no temporary directory")
                     : Result<void>(Failure(stage.error()));
    }
    look_at_bytes(battery);
    if (battery.failed()) {
        battery.add("probe", monotonic_ns(), "skipped", "no host would map this file");
        skip_lived(battery, "no host would map this file");
        return {};
    }
    const auto staged = stage->stage(battery.args.file, battery.args.file.stem().string());
    if (!staged) {
        return Failure(staged.error());
    }
    probe(battery, *staged);
    if (battery.failed()) {
        skip_lived(battery, "no host would load this file");
        return {};
    }
    for (const char* name : lived_items) {
        try_item(battery, name, staged->path);
    }
    return {};
}

int show(const Globals& globals, const Battery& battery) {
    nlohmann::json list = nlohmann::json::array();
    Table table({{""}, {""}, {""}, {""}});
    for (const auto& item : battery.items) {
        const double ms = static_cast<double>(item.took_ns) / 1e6;
        list.push_back(
            {{"item", item.name}, {"verdict", item.verdict}, {"text", item.text}, {"ms", ms}});
        const Tone tone = item.verdict == "pass"   ? Tone::good
                          : item.verdict == "fail" ? Tone::bad
                                                   : Tone::faint;
        table.add({{item.verdict, tone},
                   item.name,
                   {duration_text(item.took_ns), Tone::faint},
                   item.text});
    }
    const bool failed = battery.failed();
    const Screen screen{0, globals.screen().color};
    print(globals,
          {{"ok", !failed},
           {"file", battery.args.file.string()},
           {"id", battery.facts ? battery.facts->id : ""},
           {"version", battery.facts ? battery.facts->version : ""},
           {"items", std::move(list)}},
          [&](const nlohmann::json&) { return table.render(screen); });
    return failed ? exit_failed : exit_ok;
}

} // namespace

int validate_plugin(const Globals& globals, const ValidateArgs& args) {
    Battery battery{args, {}, {}, {}};
    Result<void> done;
    if (!args.settings.empty()) {
        auto text = read_file(args.settings, plugin::settings_max);
        const auto parsed = text ? plugin::parse_json(*text) : std::nullopt;
        if (!text) {
            done = Failure(text.error());
        } else if (!parsed || !parsed->is_object()) {
            done = fail(Errc::invalid, "read settings", args.settings.string(),
                        "wanted a JSON object");
        } else {
            battery.settings = std::move(*text);
        }
    }
    done = done ? run_battery(battery) : done;
    if (!done) {
        complain(done.error());
        return exit_code_of(done.error().code);
    }
    return show(globals, battery);
}

} // namespace noa::noactl
