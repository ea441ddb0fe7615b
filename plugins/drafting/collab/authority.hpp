// The one place that all changes of a draft go through: its text, and the order of its changes.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../model/rebase.hpp"
#include "../store/reader.hpp"

namespace drafting {

// Who changes a text, and when.
struct Writer {
    std::string author;
    Millis at = 0;
};

class Authority {
public:
    explicit Authority(Loaded loaded);

    [[nodiscard]] const Draft& draft() const noexcept { return draft_; }
    [[nodiscard]] Draft& draft() noexcept { return draft_; }
    [[nodiscard]] const Text& text() const noexcept { return text_; }
    // The newest; what is not on the disk yet is over `committed`.
    [[nodiscard]] Version version() const noexcept { return version_; }
    [[nodiscard]] Version committed() const noexcept { return committed_; }
    // Of the text that was put down as a whole.
    [[nodiscard]] Version saved() const noexcept { return saved_; }
    [[nodiscard]] const std::vector<Comment>& comments() const noexcept { return comments_; }
    [[nodiscard]] std::vector<Comment>& comments() noexcept { return comments_; }
    [[nodiscard]] std::int64_t revisions() const noexcept { return revisions_; }

    // All of them, on the newest version, or none: INVALID, or TOO_LARGE over `most` bytes. What
    // was taken is to be committed, in this order.
    [[nodiscard]] noa::sdk::Result<std::vector<Change>>
    accept(const std::vector<Edit>& edits, const Writer& writer, std::size_t most);
    void was_committed(Version version) noexcept { committed_ = version; }
    void was_saved(Version version) noexcept { saved_ = version; }
    void was_revised(std::int64_t number) noexcept { revisions_ = number; }

    // What came after `version`, as far as it is on the disk or is about to be. None where that is
    // too long ago to be known here.
    [[nodiscard]] std::optional<std::vector<Change>> since(Version version) const;

private:
    void remember(Change change);

    Draft draft_;
    Text text_;
    Version version_;
    Version committed_;
    Version saved_;
    std::int64_t revisions_;
    std::vector<Comment> comments_;
    std::deque<Change> recent_;
    std::size_t recent_bytes_ = 0;
};

// `over` of a rebase.
[[nodiscard]] noa::sdk::Result<std::vector<Edit>> edits_of(const std::vector<Change>& changes);

} // namespace drafting
