#include "control/host_config.hpp"

#include <pwd.h>

#include <array>
#include <system_error>
#include <utility>

#include "config/override.hpp"
#include "control/host_verbs.hpp"
#include "control/outcomes.hpp"

namespace noa::control {

using nlohmann::json;

namespace {

// Over what an import of a manifest writes, below what `enable` and `disable` do.
constexpr auto host_override = "45-config.toml";
constexpr std::size_t longest_key = 1024;
constexpr std::size_t longest_reason = 512;
constexpr std::size_t most_edits = 64;
constexpr std::chrono::milliseconds patience{10'000};

// agents.cache.settings."a.b" in parts.
Result<std::vector<std::string>> parts_of(const std::string& key) {
    std::vector<std::string> parts;
    std::string_view rest = key;
    bool whole = !rest.empty() && rest.size() <= longest_key;
    while (whole && !rest.empty()) {
        const bool quoted = rest.front() == '"';
        const auto end = quoted ? rest.find('"', 1) : rest.find('.');
        whole = !quoted || end != std::string_view::npos;
        const auto part = rest.substr(quoted ? 1 : 0, quoted ? end - 1 : end);
        rest.remove_prefix(whole ? std::min(rest.size(), part.size() + (quoted ? 2U : 0U)) : 0);
        whole =
            whole && !part.empty() && (rest.empty() || (rest.front() == '.' && rest.size() > 1));
        rest.remove_prefix(rest.empty() || !whole ? 0 : 1);
        parts.emplace_back(part);
    }
    whole = whole && parts.size() > 1 &&
            (parts[0] == "host" || parts[0] == "agents" || parts[0] == "services");
    return whole ? Result<std::vector<std::string>>(std::move(parts))
                 : fail(Errc::invalid, "config", key, "not a key of the host's configuration",
                        "it begins with host, agents or services: agents.cache.queue_size");
}

Result<void> edit(json& tree, const json& one) {
    const auto parts = parts_of(one.value("key", std::string()));
    if (!parts) {
        return Failure(parts.error());
    }
    json* at = &tree;
    for (std::size_t i = 0; i + 1 < parts->size(); ++i) {
        json& next = (*at)[(*parts)[i]];
        if (!next.is_object()) {
            next = json::object();
        }
        at = &next;
    }
    if (one.contains("value")) {
        (*at)[parts->back()] = one["value"];
    } else if (at->erase(parts->back()) == 0) {
        return fail(Errc::not_found, "config", one["key"].get<std::string>(),
                    "it was not set by noactl config",
                    "noactl config explain KEY says where a value comes from");
    }
    return {};
}

// Tables that an unset left empty.
void drop_empty(json& tree) {
    for (auto at = tree.begin(); at != tree.end();) {
        if (at->is_object()) {
            drop_empty(*at);
        }
        at = at->is_object() && at->empty() ? tree.erase(at) : std::next(at);
    }
}

std::string author_of(const Peer& peer) {
    std::array<char, 1024> storage{};
    passwd entry{};
    passwd* found = nullptr;
    const bool known =
        ::getpwuid_r(peer.uid, &entry, storage.data(), storage.size(), &found) == 0 &&
        found != nullptr;
    return known ? entry.pw_name : "uid " + std::to_string(peer.uid);
}

} // namespace

std::filesystem::path HostConfig::file() const {
    return sources_.state_dir_conf / host_override;
}

Result<json> HostConfig::change(const json& args, Connection& client) {
    Args in("config_change", args);
    const auto reason = in.optional_text("reason", longest_reason);
    const bool dry_run = in.flag("dry_run");
    json edits = args.value("edits", json::array());
    json rest = args;
    for (const auto* key : {"edits", "reason", "dry_run"}) {
        rest.erase(key);
    }
    if (!rest.empty() || !edits.is_array() || edits.empty() || edits.size() > most_edits) {
        return fail(Errc::invalid, "config_change", "edits", "wanted a list of 1 to 64");
    }
    const std::lock_guard lock(mutex_);
    auto before = read();
    if (!before) {
        return before;
    }
    json after = *before;
    for (const auto& one : edits) {
        if (auto done = edit(after, one); !done) {
            return Failure(std::move(done.error()));
        }
    }
    drop_empty(after);
    const json record{{"name", "host"},
                      {"layer", "host"},
                      {"value", after},
                      {"reason", reason.value_or("")},
                      {"author", author_of(client.peer())}};
    return make_it_so(*before, after, dry_run, {"set", record}, client);
}

Result<json> HostConfig::rollback(const json& args, Connection& client) {
    Args in("config_rollback", args);
    const auto reason = in.optional_text("reason", longest_reason);
    const auto to = in.number("to", 0, 0, INT64_MAX);
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    const std::lock_guard lock(mutex_);
    auto before = read();
    const auto then =
        ask("version", {{"name", "host"}, {"layer", "host"}, {"version", to}}, patience);
    if (!before || !then) {
        return before ? Failure(then.error()) : before;
    }
    json record{{"name", "host"},
                {"layer", "host"},
                {"to", then->value("version", std::int64_t{0})},
                {"author", author_of(client.peer())}};
    if (reason) {
        record["reason"] = *reason;
    }
    return make_it_so(*before, then->value("value", json::object()), false, {"rollback", record},
                      client);
}

// What the file says and the agent does not know of.
Result<json> HostConfig::drift(const json& args, Connection& client) {
    Args in("config_drift", args);
    const bool heal = in.flag("heal");
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    const std::lock_guard lock(mutex_);
    auto found = read();
    const auto recorded = ask("get", {{"name", "host"}, {"layer", "host"}}, patience);
    if (!found || !recorded) {
        return found ? Failure(recorded.error()) : found;
    }
    const json wanted = recorded->value("value", json::object());
    json answer{{"file", file().string()},
                {"drift", json::diff(wanted, *found)},
                {"recorded", recorded->value("version", 0)}};
    if (!heal || wanted == *found) {
        return answer;
    }
    auto put = put_and_apply(*found, wanted, progress_to(client));
    if (!put) {
        return put;
    }
    note("healed", answer["drift"]);
    answer["healed"] = true;
    answer.update(*put);
    return answer;
}

Result<json> HostConfig::read() const {
    return config::read_override(sources_.state_dir_conf, host_override);
}

Result<void> HostConfig::write(const std::filesystem::path& directory, const json& tree) const {
    if (tree.empty()) {
        std::error_code error;
        std::filesystem::remove(directory / host_override, error);
        return {};
    }
    return config::write_override(directory, host_override, tree);
}

// As the files would be: a copy of the layer, so that nothing wrong is ever in its place.
Result<void> HostConfig::try_out(const json& after) const {
    const auto trial = sources_.state_dir_conf.parent_path() / "conf.d.trial";
    std::error_code error;
    std::filesystem::remove_all(trial, error);
    if (std::filesystem::exists(sources_.state_dir_conf, error)) {
        std::filesystem::copy(sources_.state_dir_conf, trial, error);
    }
    auto good = error ? fail(Errc::system, "try out", trial.string(), error.message())
                      : write(trial, after);
    if (good) {
        auto sources = sources_;
        sources.state_dir_conf = trial;
        if (auto config = config::load(sources); !config) {
            good = Failure(config.error());
        }
    }
    std::filesystem::remove_all(trial, error);
    return good;
}

Result<json> HostConfig::put_and_apply(const json& before, const json& after,
                                       const supervise::Progress& progress) {
    if (auto written = write(sources_.state_dir_conf, after); !written) {
        return Failure(std::move(written.error()));
    }
    supervise::ApplyOptions options;
    options.progress = progress;
    auto outcomes = supervisor_.apply(options);
    const bool failed =
        outcomes && std::any_of(outcomes->begin(), outcomes->end(),
                                [](const auto& one) { return one.action == "failed"; });
    if (outcomes && !failed) {
        return to_json(*outcomes);
    }
    // All of it, or nothing.
    static_cast<void>(write(sources_.state_dir_conf, before));
    static_cast<void>(supervisor_.apply(options));
    if (!outcomes) {
        return Failure(std::move(outcomes.error()));
    }
    std::string why;
    for (const auto& one : *outcomes) {
        why += one.action == "failed" ? one.agent + ": " + one.text + "; " : "";
    }
    return fail(Errc::refused, "config", "", why.substr(0, why.size() - 2), "nothing was changed");
}

Result<json> HostConfig::make_it_so(const json& before, const json& after, bool dry_run,
                                    const Record& record, Connection& client) {
    const json changes = json::diff(before, after);
    if (auto good = try_out(after); !good) {
        return Failure(std::move(good.error()));
    }
    if (dry_run || changes.empty()) {
        return json{{"changes", changes}, {"dry_run", dry_run}, {"outcomes", json::array()}};
    }
    auto answer = put_and_apply(before, after, progress_to(client));
    if (!answer) {
        return answer;
    }
    (*answer)["changes"] = changes;
    // It counts, recorded or not: the agent may be stopped, or not installed.
    const auto recorded = ask(record.operation, record.body, patience);
    (*answer)["recorded"] = recorded.has_value();
    if (recorded) {
        (*answer)["version"] = recorded->value("version", 0);
    } else {
        (*answer)["not_recorded"] = recorded.error().reason;
    }
    return answer;
}

Result<json> HostConfig::ask(const char* operation, const json& body, Patience time) {
    const auto reply = caller_.call("config", operation, body.dump(), time);
    if (!reply) {
        return Failure(reply.error());
    }
    if (reply->status != NOA_OK) {
        return fail(Errc::refused, "config", operation, reply->body);
    }
    auto answer = json::parse(reply->body, nullptr, false);
    return answer.is_object() ? Result<json>(std::move(answer))
                              : fail(Errc::refused, "config", operation, "not an object");
}

} // namespace noa::control
