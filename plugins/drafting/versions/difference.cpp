#include "difference.hpp"

#include <algorithm>

#include <git2.h>

namespace drafting {

namespace {

constexpr std::size_t most_refined = 256U << 10U; // bytes of a hunk that is looked at by words

bool is_tail_byte(char byte) noexcept {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// Where each line begins, and the end.
std::vector<std::size_t> line_starts(std::string_view text) {
    std::vector<std::size_t> starts{0};
    for (std::size_t at = text.find('\n'); at != std::string_view::npos;
         at = text.find('\n', at + 1)) {
        starts.push_back(at + 1);
    }
    if (starts.back() != text.size()) {
        starts.push_back(text.size());
    }
    return starts;
}

std::size_t common_head(std::string_view a, std::string_view b) {
    const std::size_t most = std::min(a.size(), b.size());
    std::size_t size = 0;
    while (size < most && a[size] == b[size]) {
        ++size;
    }
    while (size > 0 && ((size < a.size() && is_tail_byte(a[size])) ||
                        (size < b.size() && is_tail_byte(b[size])))) {
        --size;
    }
    return size;
}

std::size_t common_tail(std::string_view a, std::string_view b) {
    const std::size_t most = std::min(a.size(), b.size());
    std::size_t size = 0;
    while (size < most && a[a.size() - 1 - size] == b[b.size() - 1 - size]) {
        ++size;
    }
    while (size > 0 && is_tail_byte(a[a.size() - size])) {
        --size;
    }
    return size;
}

bool is_word_byte(char byte) noexcept {
    const auto letter = static_cast<unsigned char>(byte);
    return letter >= 0x80U || (letter >= '0' && letter <= '9') ||
           ((letter | 0x20U) >= 'a' && (letter | 0x20U) <= 'z');
}

// A word, or one character that is none.
std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at + 1;
        while (is_word_byte(text[at]) && end < text.size() && is_word_byte(text[end])) {
            ++end;
        }
        words.push_back(text.substr(at, end - at));
        at = end;
    }
    return words;
}

std::string one_a_line(const std::vector<std::string_view>& words) {
    std::string out;
    for (const std::string_view word : words) {
        out += word == "\n" ? std::string_view("\\n") : word;
        out += '\n';
    }
    return out;
}

// Changes of a part of a text, put behind one another.
class PartWriter {
public:
    void keep(std::string_view same) { keep_ += units_of(same); }
    void replace(std::string_view before, std::string_view after) {
        const std::size_t head = common_head(before, after);
        keep(before.substr(0, head));
        before.remove_prefix(head);
        after.remove_prefix(head);
        const std::size_t tail = common_tail(before, after);
        const std::string_view same = before.substr(before.size() - tail);
        before.remove_suffix(tail);
        after.remove_suffix(tail);
        if (!before.empty() || !after.empty()) {
            flush();
            set_.replace(units_of(before), after);
        }
        keep(same);
    }
    ChangeSet finish() {
        flush();
        return std::move(set_);
    }

private:
    void flush() {
        set_.keep(keep_);
        keep_ = 0;
    }
    ChangeSet set_;
    Position keep_ = 0;
};

noa::sdk::Status refine(std::string_view before, std::string_view after, PartWriter& writer) {
    if (before.empty() || after.empty() || before.size() + after.size() > most_refined) {
        writer.replace(before, after);
        return {};
    }
    const auto old_words = words_of(before);
    const auto new_words = words_of(after);
    auto hunks = line_hunks(one_a_line(old_words), one_a_line(new_words));
    if (!hunks) {
        return hunks.error();
    }
    const auto joined = [](const std::vector<std::string_view>& words, std::size_t first,
                           std::size_t count) {
        return count == 0
                   ? std::string_view()
                   : std::string_view(words[first].data(),
                                      static_cast<std::size_t>(words[first + count - 1].data() +
                                                               words[first + count - 1].size() -
                                                               words[first].data()));
    };
    std::size_t at = 0;
    for (const Hunk& hunk : *hunks) {
        writer.keep(joined(old_words, at, hunk.before - at));
        writer.replace(joined(old_words, hunk.before, hunk.before_count),
                       joined(new_words, hunk.after, hunk.after_count));
        at = hunk.before + hunk.before_count;
    }
    writer.keep(joined(old_words, at, old_words.size() - at));
    return {};
}

} // namespace

GitLibrary::GitLibrary() noexcept {
    git_libgit2_init();
}
GitLibrary::~GitLibrary() {
    git_libgit2_shutdown();
}

noa::sdk::Result<std::vector<Hunk>> line_hunks(std::string_view before, std::string_view after) {
    const GitLibrary library;
    git_diff_options options;
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.flags = GIT_DIFF_FORCE_TEXT;
    options.context_lines = 0;
    options.interhunk_lines = 0;
    std::vector<Hunk> hunks;
    const int code = git_diff_buffers(
        before.data(), before.size(), nullptr, after.data(), after.size(), nullptr, &options,
        nullptr, nullptr,
        [](const git_diff_delta*, const git_diff_hunk* hunk, void* into) {
            // A side without lines is named by the line before it.
            const auto first = [](int start, int count) {
                return static_cast<std::size_t>(count == 0 ? start : start - 1);
            };
            static_cast<std::vector<Hunk>*>(into)->push_back(
                {first(hunk->old_start, hunk->old_lines), static_cast<std::size_t>(hunk->old_lines),
                 first(hunk->new_start, hunk->new_lines),
                 static_cast<std::size_t>(hunk->new_lines)});
            return 0;
        },
        nullptr, &hunks);
    return code == 0 ? noa::sdk::Result<std::vector<Hunk>>(std::move(hunks))
                     : noa::sdk::Result<std::vector<Hunk>>(noa::sdk::failed("compare the texts"));
}

noa::sdk::Result<ChangeSet> difference(std::string_view before, std::string_view after) {
    const GitLibrary library; // begun once, for all parts
    PartWriter writer;
    // Whole lines only, so that what is compared begins and ends with one.
    const std::size_t head = before.substr(0, common_head(before, after)).rfind('\n') + 1;
    writer.keep(before.substr(0, head));
    before.remove_prefix(head);
    after.remove_prefix(head);
    std::string_view same = before.substr(before.size() - common_tail(before, after));
    same.remove_prefix(same.empty() ? 0 : std::min(same.find('\n'), same.size() - 1) + 1);
    before.remove_suffix(same.size());
    after.remove_suffix(same.size());
    auto hunks = line_hunks(before, after);
    if (!hunks) {
        return hunks.error();
    }
    const auto old_lines = line_starts(before);
    const auto new_lines = line_starts(after);
    const auto lines = [](std::string_view text, const std::vector<std::size_t>& starts,
                          std::size_t first, std::size_t count) {
        const std::size_t last = starts.size() - 1;
        const std::size_t from = starts[std::min(first, last)];
        return text.substr(from, starts[std::min(first + count, last)] - from);
    };
    std::size_t at = 0;
    for (const Hunk& hunk : *hunks) {
        writer.keep(lines(before, old_lines, at, hunk.before - at));
        const auto refined = refine(lines(before, old_lines, hunk.before, hunk.before_count),
                                    lines(after, new_lines, hunk.after, hunk.after_count), writer);
        if (!refined) {
            return refined.error();
        }
        at = hunk.before + hunk.before_count;
    }
    writer.keep(lines(before, old_lines, at, old_lines.size()));
    writer.keep(same);
    return writer.finish();
}

noa::sdk::Result<Unified> unified(std::string_view before, std::string_view after,
                                  const std::string& name, unsigned context) {
    const GitLibrary library;
    git_diff_options options;
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.flags = GIT_DIFF_FORCE_TEXT;
    options.context_lines = context;
    git_patch* patch = nullptr;
    Unified out;
    if (git_patch_from_buffers(&patch, before.data(), before.size(), name.c_str(), after.data(),
                               after.size(), name.c_str(), &options) != 0) {
        return noa::sdk::failed("compare the texts");
    }
    git_buf text = GIT_BUF_INIT;
    git_patch_line_stats(nullptr, &out.added, &out.removed, patch);
    const int code = git_patch_to_buf(&text, patch);
    if (code == 0) {
        const std::string_view all(text.ptr, text.size);
        const std::size_t begin = all.find("@@ ");
        out.text = begin == std::string_view::npos ? std::string_view() : all.substr(begin);
    }
    git_buf_dispose(&text);
    git_patch_free(patch);
    return code == 0 ? noa::sdk::Result<Unified>(std::move(out))
                     : noa::sdk::Result<Unified>(noa::sdk::failed("write the difference"));
}

noa::sdk::Result<Merged> merge(std::string_view base, std::string_view ours,
                               std::string_view theirs, const std::string& our_name,
                               const std::string& their_name) {
    const GitLibrary library;
    git_merge_file_options options;
    git_merge_file_options_init(&options, GIT_MERGE_FILE_OPTIONS_VERSION);
    options.our_label = our_name.c_str();
    options.their_label = their_name.c_str();
    options.ancestor_label = "base";
    options.flags = GIT_MERGE_FILE_STYLE_DIFF3;
    const auto input = [](std::string_view text) {
        git_merge_file_input one;
        git_merge_file_input_init(&one, GIT_MERGE_FILE_INPUT_VERSION);
        one.ptr = text.data();
        one.size = text.size();
        return one;
    };
    const git_merge_file_input first = input(base);
    const git_merge_file_input second = input(ours);
    const git_merge_file_input third = input(theirs);
    git_merge_file_result result{};
    if (git_merge_file(&result, &first, &second, &third, &options) != 0) {
        return noa::sdk::failed("merge the texts");
    }
    Merged out;
    out.text.assign(result.ptr != nullptr ? result.ptr : "", result.len);
    if (result.automergeable == 0) {
        const std::string mark = "<<<<<<< " + our_name + "\n";
        for (std::size_t at = out.text.find(mark); at != std::string::npos;
             at = out.text.find(mark, at + 1)) {
            ++out.conflicts;
        }
        out.conflicts = std::max<std::size_t>(out.conflicts, 1);
    }
    git_merge_file_result_free(&result);
    return out;
}

} // namespace drafting
