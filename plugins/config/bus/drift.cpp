// Documents that somebody else changed: in their files, or in the store.
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "../drift/compare.hpp"
#include "agent.hpp"

namespace config {

namespace {

using noa::Json;
using State = FileOutcome::State;

bool is_fine(State state) {
    return state == State::as_recorded || state == State::written;
}

const char* word_of(State state) {
    switch (state) {
    case State::drifted: return "drifted";
    case State::healed: return "healed";
    case State::fault: return "fault";
    default: return "as_recorded";
    }
}

} // namespace

void Config::start_drift(std::string_view directory, std::vector<Foreign> foreign) {
    drift_ = {};
    drift_directory_ = std::string(directory) + "/files";
    ::mkdir(drift_directory_.c_str(), 0750);
    std::vector<std::string> roots = settings_.files;
    roots.push_back(drift_directory_);
    drift_.places = std::make_shared<const Places>(std::move(roots));
    if (auto watch = DirectoryWatch::open()) {
        drift_.watch.emplace(*std::move(watch));
        const noa::Status watched = sockets_.watch(drift_.watch->fd(), noa::ready_read,
                                                   [this](noa::Ready) { directories_changed(); });
        if (!watched) {
            log(noa::Level::warning, "drift.watch", watched.error().text);
        }
    } else {
        log(noa::Level::warning, "drift.watch", watch.error().text);
    }
    follow_policies();
    rows_looked_at(std::move(foreign));
    look_at_everything();
}

void Config::stop_drift() noexcept {
    if (drift_.watch) {
        sockets_.unwatch(drift_.watch->fd());
    }
    drift_ = {};
}

std::string Config::path_of(const std::string& file) const {
    return file.empty() || file.front() == '/' ? file : drift_directory_ + "/" + file;
}

// After a change of policies: which files there are, and which directories they are in.
void Config::follow_policies() {
    std::map<std::string, Watched> now;
    std::set<std::string> directories;
    for (const auto& [key, document] : tables_.all()) {
        if (key.layer != policy_layer || document->deleted) {
            continue;
        }
        Policy policy = policy_of(document->value);
        if (policy.file.empty()) {
            continue;
        }
        const std::string path = path_of(policy.file);
        const auto before = drift_.files.find(key.name);
        Watched& watched = now[key.name];
        if (before != drift_.files.end() && before->second.path == path) {
            watched = std::move(before->second);
            drift_.files.erase(before);
        }
        watched.policy = std::move(policy);
        watched.path = path;
        if (watched.policy.drift != Drift::off) {
            directories.insert(path.substr(0, path.rfind('/')));
        }
    }
    for (const auto& [name, watched] : drift_.files) {
        if (watched.timer) {
            cancel(*watched.timer);
        }
    }
    drift_.files = std::move(now);
    if (drift_.watch) {
        drift_.watch->follow(directories);
    }
}

void Config::look_at_everything() {
    for (const auto& [name, watched] : drift_.files) {
        look_at_file(name);
    }
    look_at_rows();
    const auto timer = after(settings_.drift_every, [this] { look_at_everything(); });
    drift_.timer = timer ? std::optional(*timer) : std::nullopt;
}

void Config::directories_changed() {
    const DirectoryWatch::Seen seen = drift_.watch->take();
    for (const auto& [name, watched] : drift_.files) {
        if (watched.policy.drift != Drift::off && (seen.all || seen.files.contains(watched.path))) {
            look_at_file(name);
        }
    }
}

void Config::look_at_file(const std::string& name) {
    const auto found = drift_.files.find(name);
    if (found == drift_.files.end()) {
        return;
    }
    Watched& watched = found->second;
    if (std::exchange(watched.looking, true)) {
        watched.again = true;
        return;
    }
    const auto memo = effective(name, settings_.environment);
    if (!memo) { // there is no document, or none any more: its file is left as it is
        watched.looking = false;
        return;
    }
    const noa::Time at = now();
    const bool may_heal = watched.policy.drift == Drift::heal && watched.back_off.due(at) <= at;
    auto task = std::make_unique<FileTask>(
        FileTask{.name = name,
                 .path = watched.path,
                 .wanted = (*memo)->value,
                 .ignored = watched.policy.ignored,
                 .mode = watched.policy.drift,
                 .heal = may_heal || std::exchange(watched.heal_once, false),
                 .most = 2 * plan_limits_.effective.bytes,
                 .entry = drift_entry("healed", {name, ""}, watched.path)});
    auto outcome = std::make_unique<FileOutcome>();
    auto* place = outcome.get();
    worker_->run([place, task = std::move(task), places = drift_.places](
                     Store& store) { *place = look_after(store, *places, *task); },
                 [this, name, outcome = std::move(outcome)] { looked_at(name, *outcome); });
}

void Config::looked_at(const std::string& name, FileOutcome& outcome) {
    const auto found = drift_.files.find(name);
    if (found == drift_.files.end()) {
        return;
    }
    Watched& watched = found->second;
    watched.looking = false;
    take_outcome(name, watched, std::move(outcome));
    if (std::exchange(watched.again, false)) {
        look_at_file(name);
        return;
    }
    for (noa::Responder& responder : std::exchange(watched.asked, {})) {
        responder.reply(noa::json_body(shown_file(name, watched)));
    }
    if (watched.last.state == State::drifted && watched.policy.drift == Drift::heal) {
        heal_later(name, watched);
    }
}

// Whoever writes all the time is told of every now and then.
void Config::take_outcome(const std::string& name, Watched& watched, FileOutcome outcome) {
    const bool healed = outcome.state == State::healed;
    const bool other_state = is_fine(outcome.state) != is_fine(watched.last.state) ||
                             (!is_fine(outcome.state) && outcome.state != watched.last.state);
    const bool other_text = !is_fine(outcome.state) && (watched.last.patch != outcome.patch ||
                                                        watched.last.fault != outcome.fault);
    watched.last = std::move(outcome);
    if (other_state || watched.since.empty()) {
        watched.since = date_of_now();
    }
    if (healed) {
        ++watched.heals;
        ++heals_;
        watched.back_off.healed(now());
    }
    if (healed || other_state || (other_text && now() - watched.told >= settings_.drift_every)) {
        watched.told = now();
        tell_drift(name, watched);
    }
    if (healed) {
        watched.last.state = State::as_recorded;
    }
}

void Config::heal_later(const std::string& name, Watched& watched) {
    if (watched.timer) {
        return;
    }
    const noa::Time at = now();
    const noa::Duration wait = watched.back_off.due(at) - at;
    const auto timer = after(wait, [this, name] {
        if (const auto found = drift_.files.find(name); found != drift_.files.end()) {
            found->second.timer.reset();
            look_at_file(name);
        }
    });
    watched.timer = timer ? std::optional(*timer) : std::nullopt;
}

noa::Json Config::shown_file(const std::string& name, const Watched& watched) const {
    Json out{{"name", name},
             {"file", watched.path},
             {"mode", name_of(watched.policy.drift)},
             {"state", word_of(watched.last.state)},
             {"since", watched.since},
             {"heals", watched.heals},
             {"fought", watched.back_off.fought(now())}};
    if (!watched.last.patch.empty()) {
        out["patch"] = Json::parse(watched.last.patch, nullptr, false);
    }
    if (!watched.last.fault.empty()) {
        out["fault"] = watched.last.fault;
    }
    return out;
}

// In the log, to whoever listens, and in the audit log unless all is well again by itself.
void Config::tell_drift(const std::string& name, const Watched& watched) {
    const bool fine = is_fine(watched.last.state);
    publish_drift(name, shown_file(name, watched));
    const char* word = word_of(watched.last.state);
    log(fine ? noa::Level::info : noa::Level::warning, std::string("drift.") + word,
        name + ": " + watched.path + (watched.last.fault.empty() ? "" : ": " + watched.last.fault));
    if (!fine && watched.last.state != State::healed) {
        audit_drift(drift_entry(word, {name, ""}, watched.path + " " + watched.last.patch));
    }
}

void Config::publish_drift(const std::string& name, const Json& event) {
    const auto sent = publish("config.drift." + name, noa::json_body(event));
    if (!sent || sent->refused > 0) {
        events_refused_.add(sent ? sent->refused : 1);
    }
}

AuditEntry Config::drift_entry(const char* action, const Key& key,
                               const std::string& reason) const {
    constexpr std::size_t longest_note = 4096;
    AuditEntry entry;
    entry.at = date_of_now();
    entry.author = name();
    entry.action = action;
    entry.name = key.name;
    entry.layer = key.layer;
    entry.reason = reason.substr(0, longest_note);
    return entry;
}

void Config::audit_drift(AuditEntry entry) {
    gathering_->audit.push_back(std::move(entry));
    flush();
}

// Cheap while nobody else has written to the store.
void Config::look_at_rows() {
    auto result = std::make_unique<Stored<std::optional<std::vector<Foreign>>>>(std::nullopt);
    auto* place = result.get();
    auto version = std::make_unique<std::int64_t>(drift_.writes_of_others);
    auto* seen = version.get();
    worker_->run(
        [place, seen](Store& store) {
            const auto now = store.writes_of_others();
            if (now && std::exchange(*seen, *now) != *now) {
                auto rows = store.foreign();
                *place = rows ? Stored<std::optional<std::vector<Foreign>>>(*std::move(rows))
                              : rows.error();
            }
        },
        [this, result = std::move(result), version = std::move(version)] {
            drift_.writes_of_others = *version;
            if (!*result) {
                log(noa::Level::warning, "drift.store", result->error().message());
            } else if (**result) {
                rows_looked_at(std::move(***result));
            }
        });
}

void Config::rows_looked_at(std::vector<Foreign> rows) {
    const noa::Time at = now();
    std::map<Key, Foreign> still;
    for (Foreign& row : rows) {
        const Key key = row.key;
        const DocumentPtr policy = tables_.find({key.name, std::string(policy_layer)});
        const Drift mode = policy ? policy_of(policy->value).drift : Drift::warn;
        if (mode == Drift::off) {
            continue;
        }
        const auto before = drift_.rows.find(key);
        if (before == drift_.rows.end() || before->second.found != row.found) {
            tell_row(row, mode, "drifted");
            audit_drift(drift_entry("drifted", key, "in the store"));
        }
        if (mode == Drift::heal && drift_.row_back_off.due(at) <= at) {
            put_row_back(row, mode);
            continue;
        }
        if (mode == Drift::heal) { // looks again the next time
            drift_.writes_of_others = 0;
        }
        still.emplace(key, std::move(row));
    }
    drift_.rows = std::move(still);
}

// What the committed changes are seen in.
void Config::follow_changes(const std::vector<Change>& changes) {
    std::set<std::string> touched;
    bool all = false;
    bool policies = false;
    for (const Change& change : changes) {
        const Key& key = change.after->key;
        drift_.rows.erase(key);
        all = all || key.layer == template_layer;
        policies = policies || key.layer == policy_layer;
        touched.insert(key.name);
        if (!drift_.files.empty()) {
            touched.merge(tables_.referrers(key.name));
        }
    }
    if (policies) {
        follow_policies();
    }
    for (const auto& [name, watched] : drift_.files) {
        if (all || touched.contains(name)) {
            look_at_file(name);
        }
    }
}

void Config::tell_row(const Foreign& row, Drift mode, const char* state) {
    publish_drift(row.key.name, Json{{"name", row.key.name},
                                     {"layer", row.key.layer},
                                     {"mode", name_of(mode)},
                                     {"state", state},
                                     {"at", date_of_now()}});
    log(noa::Level::warning, std::string("drift.") + state,
        row.key.text() + ": changed in the store, behind the agent's back");
}

void Config::put_row_back(const Foreign& row, Drift mode) {
    // Owners: the job, and what is done after it.
    const auto work = std::make_shared<std::pair<Foreign, Stored<>>>(row, Stored<>());
    worker_->run(
        [work, entry = drift_entry("healed", row.key, "in the store")](Store& store) mutable {
            work->second = store.put_back(work->first);
            if (work->second) {
                work->second = store.commit({}, {&entry, 1});
            }
        },
        [this, work, mode] {
            if (!work->second) {
                log(noa::Level::error, "drift.store", work->second.error().message());
                return;
            }
            ++heals_;
            drift_.row_back_off.healed(now());
            drift_.rows.erase(work->first.key);
            tell_row(work->first, mode, "healed");
        });
}

noa::Health Config::drift_health() const {
    for (const auto& [name, watched] : drift_.files) {
        if (watched.last.state == State::fault) {
            return noa::Health::needs_repair(name + ": " + watched.last.fault);
        }
        if (watched.back_off.fought(now())) {
            return noa::Health::needs_repair(
                name + ": something else writes " + watched.path + ": healed " +
                std::to_string(watched.back_off.times()) + " times in a row");
        }
        if (watched.last.state == State::drifted) {
            return noa::Health::needs_repair(watched.path + " is not as " + name +
                                             " was recorded: noactl config drift");
        }
    }
    return drift_.rows.empty()
               ? noa::Health::healthy()
               : noa::Health::needs_repair(drift_.rows.begin()->first.text() +
                                           " was changed in the store: noactl config drift");
}

} // namespace config
