#include "look.hpp"

#include "compare.hpp"

namespace config {

namespace {

using State = FileOutcome::State;

constexpr std::size_t longest_note = 4096;

FileOutcome fault(std::string text) {
    FileOutcome outcome;
    outcome.state = State::fault;
    outcome.fault = std::move(text);
    return outcome;
}

std::string printed(const noa::Json& value) {
    return value.dump(2) + "\n";
}

FileOutcome put(Store& store, const Places& places, const FileTask& task, const noa::Json& value,
                State state) {
    const std::string text = printed(value);
    if (noa::Status done = places.write(task.path, text); !done) {
        return fault(std::move(done).error().text);
    }
    if (auto noted = store.note_file(task.name, task.path, sha256(text)); !noted) {
        return fault(noted.error().message());
    }
    FileOutcome outcome;
    outcome.state = state;
    return outcome;
}

// Of a file that is not what noa wrote last.
FileOutcome of_others(Store& store, const Places& places, FileTask& task, const noa::Json& found,
                      const noa::Json& patch) {
    FileOutcome outcome;
    const noa::Json whole = with_ignored(task.wanted, found, task.ignored);
    if (task.mode == Drift::off && !task.heal) {
        return put(store, places, task, whole, State::written);
    }
    outcome.state = State::drifted;
    outcome.patch = noa::json_text(patch);
    outcome.found = found;
    if (!task.heal) {
        return outcome;
    }
    task.entry.reason.append(" ").append(outcome.patch.substr(0, longest_note));
    const auto noted = store.commit({}, {&task.entry, 1});
    FileOutcome done =
        noted ? put(store, places, task, whole, State::healed) : fault(noted.error().message());
    done.patch = std::move(outcome.patch);
    return done;
}

} // namespace

FileOutcome look_after(Store& store, const Places& places, FileTask& task) {
    const auto text = places.read(task.path, task.most);
    const auto digest = store.digest_of_file(task.name, task.path);
    if (!text || !digest) {
        return fault(text ? digest.error().message() : text.error().text);
    }
    if (!*text) {
        const noa::Json gone = noa::Json::array({{{"op", "remove"}, {"path", ""}}});
        return digest->empty() ? put(store, places, task, task.wanted, State::written)
                               : of_others(store, places, task, nullptr, gone);
    }
    const auto found = noa::parse_json(**text);
    const noa::Json value = found ? *found : noa::Json();
    const noa::Json patch = found ? drift_of(task.wanted, value, task.ignored)
                                  : noa::Json::array({{{"op", "replace"}, {"path", ""}}});
    const std::string now = sha256(**text);
    if (patch.empty()) {
        if (*digest != now) {
            if (auto noted = store.note_file(task.name, task.path, now); !noted) {
                return fault(noted.error().message());
            }
        }
        return {};
    }
    return *digest == now ? put(store, places, task, with_ignored(task.wanted, value, task.ignored),
                                State::written)
                          : of_others(store, places, task, value, patch);
}

} // namespace config
