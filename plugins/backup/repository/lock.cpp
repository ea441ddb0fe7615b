#include "lock.hpp"

#include <cerrno>
#include <csignal>
#include <utility>

#include "json_reader.hpp"

namespace backup {

namespace {

constexpr std::int64_t stale_after_s = std::int64_t{30} * 60;
constexpr std::int64_t refresh_after_s = std::int64_t{5} * 60;

noa::sdk::Error taken(const LockRecord& other) {
    return noa::sdk::busy("the repository is locked" +
                          std::string(other.exclusive ? " exclusively" : "") + " by " +
                          other.origin.username + "@" + other.origin.hostname + ", process " +
                          std::to_string(other.origin.pid) + ", since " + other.time.text());
}

// The first that cannot be beside one of `kind`; stale ones are removed.
noa::sdk::Result<std::optional<LockRecord>> conflict(Repository& repository, Lock::Kind kind,
                                                     const Id& own, const Origin& origin,
                                                     const Timestamp& now) {
    const auto files = repository.store().list(FileKind::lock);
    if (!files) {
        return files.error();
    }
    for (const StoredFile& file : *files) {
        if (file.id == own) {
            continue;
        }
        const auto json = repository.load_document(FileKind::lock, file.id);
        if (!json && json.error().status == NOA_E_NOT_FOUND) {
            continue;
        }
        const auto other = json ? parse_lock(*json) : noa::sdk::Result<LockRecord>(json.error());
        if (!other) {
            return noa::sdk::invalid("locks/" + file.id.short_hex() + ": " + other.error().text +
                                     "; remove it when nobody is at work");
        }
        if (is_stale(*other, origin, now)) {
            if (noa::sdk::Status gone = repository.store().remove({FileKind::lock, file.id});
                !gone) {
                return gone.error();
            }
        } else if (kind == Lock::Kind::exclusive || other->exclusive) {
            return std::optional(*other);
        }
    }
    return std::optional<LockRecord>();
}

} // namespace

noa::sdk::Result<LockRecord> parse_lock(std::string_view json) {
    LockRecord record;
    bool timed = false;
    std::string text;
    JsonReader reader(json);
    const auto small = [&](std::uint32_t& into) {
        std::uint64_t value = 0;
        const bool fits = reader.number(value) && value <= UINT32_MAX;
        into = static_cast<std::uint32_t>(value);
        return fits;
    };
    reader.object([&](std::string_view key) {
        if (key == "time") {
            const auto time = reader.text(text) ? Timestamp::parse(text) : std::nullopt;
            record.time = time.value_or(Timestamp{});
            return timed = time.has_value();
        }
        if (key == "exclusive") {
            return reader.boolean(record.exclusive);
        }
        if (key == "hostname") {
            return reader.text(record.origin.hostname);
        }
        if (key == "username") {
            return reader.text(record.origin.username);
        }
        if (key == "pid") {
            return small(record.origin.pid);
        }
        if (key == "noa_started") {
            return reader.number(record.origin.started);
        }
        return reader.skip();
    });
    if (!reader.finished() || !timed) {
        return noa::sdk::invalid("lock: not as a lock is written");
    }
    return record;
}

std::string lock_json(const LockRecord& record) {
    std::string out = "{\"time\":\"" + record.time.text() + "\",\"exclusive\":";
    out += record.exclusive ? "true" : "false";
    out += ",\"hostname\":";
    append_json_text(out, record.origin.hostname);
    out += ",\"username\":";
    append_json_text(out, record.origin.username);
    for (const auto& [key, value] : {std::pair{"pid", std::uint64_t{record.origin.pid}},
                                     {"uid", record.origin.uid},
                                     {"gid", record.origin.gid},
                                     {"noa_started", record.origin.started}}) {
        if (value != 0) {
            out.append(",\"").append(key).append("\":").append(std::to_string(value));
        }
    }
    return out += '}';
}

bool is_stale(const LockRecord& record, const Origin& here, const Timestamp& now) {
    if (now.seconds - record.time.seconds > stale_after_s) {
        return true;
    }
    if (record.origin.hostname != here.hostname || record.origin.pid == 0) {
        return false;
    }
    if (record.origin.pid == here.pid) {
        return record.origin.started != here.started; // of a former life
    }
    return ::kill(static_cast<pid_t>(record.origin.pid), 0) != 0 && errno == ESRCH;
}

// Looked at before, so that nothing is written in vain, and after: of two who write theirs at the
// same time at least one sees the other.
noa::sdk::Result<Lock> Lock::acquire(Repository& repository, Kind kind, const Origin& origin,
                                     const Timestamp& now) {
    LockRecord record{now, kind == Kind::exclusive, origin};
    const auto before = conflict(repository, kind, {}, origin, now);
    if (!before || *before) {
        return before ? taken(**before) : before.error();
    }
    const auto id = repository.save_document(FileKind::lock, lock_json(record));
    if (!id) {
        return id.error();
    }
    Lock lock(repository, std::move(record), *id);
    const auto after = conflict(repository, kind, *id, origin, now);
    if (!after || *after) {
        return after ? taken(**after) : after.error();
    }
    return lock;
}

Lock::Lock(Lock&& other) noexcept
    : repository_(std::exchange(other.repository_, nullptr)), record_(std::move(other.record_)),
      id_(other.id_) {}

Lock& Lock::operator=(Lock&& other) noexcept {
    if (this != &other) {
        release();
        repository_ = std::exchange(other.repository_, nullptr);
        record_ = std::move(other.record_);
        id_ = other.id_;
    }
    return *this;
}

noa::sdk::Status Lock::refresh(const Timestamp& now) {
    if (repository_ == nullptr || now.seconds - record_.time.seconds < refresh_after_s) {
        return {};
    }
    record_.time = now;
    const auto id = repository_->save_document(FileKind::lock, lock_json(record_));
    if (!id) {
        return id.error();
    }
    const Id former = std::exchange(id_, *id);
    return repository_->store().remove({FileKind::lock, former});
}

void Lock::release() noexcept {
    if (repository_ != nullptr) {
        static_cast<void>(
            std::exchange(repository_, nullptr)->store().remove({FileKind::lock, id_}));
    }
}

} // namespace backup
