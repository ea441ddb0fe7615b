#include "authority.hpp"

#include <algorithm>

#include "noa/sdk/json.hpp"

namespace drafting {

namespace {

constexpr std::size_t most_recent = 4096;
constexpr std::size_t most_recent_bytes = 1U << 20U;

} // namespace

Authority::Authority(Loaded loaded)
    : draft_(std::move(loaded.draft)), text_(std::move(loaded.text)), version_(loaded.version),
      committed_(loaded.version), saved_(loaded.saved), revisions_(loaded.revisions),
      comments_(std::move(loaded.comments)) {
    for (Change& change : loaded.recent) {
        remember(std::move(change));
    }
    for (Comment& comment : comments_) {
        comment.version = version_;
    }
}

void Authority::remember(Change change) {
    recent_bytes_ += change.update.changes.size();
    recent_.push_back(std::move(change));
    while (recent_.size() > most_recent ||
           (recent_bytes_ > most_recent_bytes && recent_.size() > 1)) {
        recent_bytes_ -= recent_.front().update.changes.size();
        recent_.pop_front();
    }
}

noa::sdk::Result<std::vector<Change>> Authority::accept(const std::vector<Edit>& edits,
                                                        const Writer& writer, std::size_t most) {
    Text text = text_;
    std::vector<Change> taken;
    for (std::size_t at = 0; at < edits.size(); ++at) {
        auto next = edits[at].changes.apply(text);
        if (!next) {
            return noa::sdk::invalid("/updates/" + std::to_string(at) +
                                     "/changes: " + next.error().text);
        }
        if (next->bytes() > most && next->bytes() > text.bytes()) {
            return noa::sdk::too_large("/updates/" + std::to_string(at) + ": the text would have " +
                                       std::to_string(next->bytes()) + " bytes, over " +
                                       std::to_string(most) + ": quotas.draft");
        }
        text = *std::move(next);
        const Version before = version_ + static_cast<Version>(at);
        taken.push_back({before,
                         before + 1,
                         {edits[at].client, writer.author, writer.at, edits[at].changes.json()}});
    }
    for (const Edit& edit : edits) {
        for (Comment& comment : comments_) {
            comment.first = edit.changes.map_position(comment.first, false);
            comment.last = std::max(edit.changes.map_position(comment.last, true), comment.first);
        }
    }
    text_ = std::move(text);
    version_ += static_cast<Version>(taken.size());
    draft_.updated = std::max(draft_.updated, writer.at);
    draft_.bytes = static_cast<std::int64_t>(text_.bytes());
    for (Comment& comment : comments_) {
        comment.version = version_;
    }
    for (const Change& change : taken) {
        remember(change);
    }
    return taken;
}

std::optional<std::vector<Change>> Authority::since(Version version) const {
    if (version >= version_) {
        return std::vector<Change>();
    }
    const auto first = std::ranges::find(recent_, version, &Change::since);
    if (first == recent_.end()) {
        return std::nullopt;
    }
    return std::vector<Change>(first, recent_.end());
}

noa::sdk::Result<std::vector<Edit>> edits_of(const std::vector<Change>& changes) {
    std::vector<Edit> all;
    for (const Change& change : changes) {
        auto set = ChangeSet::parse(noa::Json::parse(change.update.changes, nullptr, false));
        if (!set) {
            return set.error();
        }
        all.push_back({change.update.client, *std::move(set)});
    }
    return all;
}

} // namespace drafting
