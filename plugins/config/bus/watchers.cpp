#include "watchers.hpp"

#include <algorithm>

#include "noa/sdk/json.hpp"

namespace config {

namespace {

constexpr std::size_t most_recent = 8192;
constexpr std::size_t most_recent_bytes = std::size_t{8} << 20U;
// A watcher reads the document instead.
constexpr std::size_t longest_patch = std::size_t{256} << 10U;

void append_member(std::string& out, std::string_view name, std::string_view text) {
    out.append(",\"").append(name).append("\":");
    noa::sdk::append_json(out, text);
}
void append_member(std::string& out, std::string_view name, std::int64_t number) {
    out.append(",\"").append(name).append("\":").append(std::to_string(number));
}

std::string answer(const std::string& events, Revision revision, bool more) {
    return "{\"events\":[" + events + "],\"revision\":" + std::to_string(revision) +
           ",\"more\":" + (more ? "true" : "false") + "}";
}

} // namespace

VersionRow row_of(const Change& change) {
    const Document& document = *change.after;
    VersionRow row;
    row.key = document.key;
    row.version = document.version;
    row.revision = document.revision;
    row.kind = change.kind;
    row.patch = change.patch;
    row.digest = change.digest;
    row.updated_at = document.updated_at;
    row.updated_by = document.updated_by;
    row.reason = document.reason;
    row.first = change.first;
    row.last = change.last;
    return row;
}

std::string event_text(const VersionRow& row) {
    std::string out = "{\"revision\":" + std::to_string(row.revision);
    append_member(out, "name", row.key.name);
    append_member(out, "layer", row.key.layer);
    append_member(out, "version", row.version);
    append_member(out, "kind", row.kind);
    append_member(out, "at", row.updated_at);
    append_member(out, "author", row.updated_by);
    append_member(out, "reason", row.reason);
    if (row.first != row.last) {
        out.append(",\"transaction\":[" + std::to_string(row.first) + "," +
                   std::to_string(row.last) + "]");
    }
    if (row.digest.empty()) {
        out.append(",\"unset\":true");
    } else if (row.patch.empty() || row.patch.size() > longest_patch) {
        out.append(",\"read\":true");
    } else {
        out.append(",\"patch\":").append(row.patch);
    }
    return out += '}';
}

bool Filter::takes(const std::string& name) const {
    return names.empty() || std::ranges::find(names, name) != names.end();
}

void Recent::add(const Change& change, std::string text) {
    bytes_ += text.size();
    revision_ = change.after->revision;
    events_.push_back({change.after->key.name, revision_, change.last, std::move(text)});
    while (events_.size() > most_recent || bytes_ > most_recent_bytes) {
        bytes_ -= events_.front().text.size();
        since_ = events_.front().revision;
        events_.pop_front();
    }
}

std::optional<std::string> Recent::after(Revision since, const Filter& filter) const {
    auto at = std::ranges::upper_bound(events_, since, {}, &Event::revision);
    std::string out;
    std::size_t count = 0;
    Revision last = since;
    for (; at != events_.end(); ++at) {
        if (count >= filter.limit && at->revision > last) {
            break;
        }
        last = at->last;
        if (filter.takes(at->name)) {
            out.append(out.empty() ? "" : ",").append(at->text);
            ++count;
        }
    }
    if (count == 0) {
        return std::nullopt;
    }
    const bool more = at != events_.end();
    return answer(out, more ? std::prev(at)->revision : revision_, more);
}

std::string answer_of(const std::vector<VersionRow>& rows, const Filter& filter, Revision since,
                      bool more) {
    std::string out;
    for (const VersionRow& row : rows) {
        if (filter.takes(row.key.name)) {
            out.append(out.empty() ? "" : ",").append(event_text(row));
        }
    }
    return answer(out, rows.empty() ? since : rows.back().revision, more);
}

} // namespace config
