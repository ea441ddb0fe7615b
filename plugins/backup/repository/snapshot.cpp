#include "snapshot.hpp"

#include <algorithm>

#include "json_reader.hpp"

namespace backup {

namespace {

constexpr std::size_t most_texts = 100'000;

void append_texts(std::string& out, std::string_view key, const std::vector<std::string>& texts) {
    out.append(",\"").append(key).append("\":[");
    for (const std::string& text : texts) {
        out += &text == texts.data() ? "" : ",";
        append_json_text(out, text);
    }
    out += ']';
}

class SnapshotReader {
public:
    SnapshotReader(JsonReader& reader, Snapshot& snapshot) : reader_(reader), into_(snapshot) {}

    bool member(std::string_view key) {
        if (key == "time") {
            const auto time =
                reader_.text(scratch_) ? Timestamp::parse(scratch_) : std::optional<Timestamp>();
            into_.time = time.value_or(Timestamp{});
            return timed_ = time.has_value();
        }
        if (key == "tree") {
            return id(into_.tree);
        }
        if (key == "parent") {
            return reader_.null() || id(into_.parent.emplace());
        }
        if (key == "original") {
            return reader_.null() || id(into_.original.emplace());
        }
        if (key == "uid") {
            return small(into_.uid);
        }
        if (key == "gid") {
            return small(into_.gid);
        }
        if (key == "hostname") {
            return reader_.text(into_.hostname);
        }
        if (key == "username") {
            return reader_.text(into_.username);
        }
        for (const auto& [name, at] : {std::pair{"paths", &into_.paths},
                                       {"tags", &into_.tags},
                                       {"excludes", &into_.excludes}}) {
            if (key == name) {
                return texts(*at);
            }
        }
        return reader_.skip();
    }
    [[nodiscard]] bool complete() const { return timed_ && !into_.tree.is_null(); }

private:
    bool id(Id& into) { return reader_.text(scratch_) && from_hex(scratch_, into.bytes); }
    bool small(std::uint32_t& into) {
        std::uint64_t value = 0;
        const bool fits = reader_.number(value) && value <= UINT32_MAX;
        into = static_cast<std::uint32_t>(value);
        return fits;
    }
    bool texts(std::vector<std::string>& into) {
        return reader_.array(
            [&] { return into.size() < most_texts && reader_.text(into.emplace_back()); });
    }

    JsonReader& reader_;
    Snapshot& into_;
    std::string scratch_;
    bool timed_ = false;
};

} // namespace

bool Snapshot::has_tag(std::string_view tag) const {
    return std::ranges::find(tags, tag) != tags.end();
}

std::string snapshot_json(const Snapshot& snapshot) {
    std::string out = "{\"time\":\"" + snapshot.time.text() + "\"";
    if (snapshot.parent) {
        out += ",\"parent\":\"" + snapshot.parent->hex() + "\"";
    }
    out += ",\"tree\":\"" + snapshot.tree.hex() + "\"";
    append_texts(out, "paths", snapshot.paths);
    out += ",\"hostname\":";
    append_json_text(out, snapshot.hostname);
    out += ",\"username\":";
    append_json_text(out, snapshot.username);
    if (snapshot.uid != 0) {
        out += ",\"uid\":" + std::to_string(snapshot.uid);
    }
    if (snapshot.gid != 0) {
        out += ",\"gid\":" + std::to_string(snapshot.gid);
    }
    if (!snapshot.excludes.empty()) {
        append_texts(out, "excludes", snapshot.excludes);
    }
    if (!snapshot.tags.empty()) {
        append_texts(out, "tags", snapshot.tags);
    }
    if (snapshot.original) {
        out += ",\"original\":\"" + snapshot.original->hex() + "\"";
    }
    return out += '}';
}

noa::sdk::Result<Snapshot> parse_snapshot(std::string_view json) {
    Snapshot snapshot;
    JsonReader reader(json);
    SnapshotReader members(reader, snapshot);
    reader.object([&](std::string_view key) { return members.member(key); });
    if (!reader.finished() || !members.complete()) {
        return noa::sdk::invalid("snapshot: not as a snapshot is written");
    }
    return snapshot;
}

} // namespace backup
