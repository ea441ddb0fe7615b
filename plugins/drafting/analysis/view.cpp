#include "view.hpp"

namespace drafting::prose {

std::string_view name_of(Severity severity) noexcept {
    switch (severity) {
    case Severity::error: return "error";
    case Severity::warning: return "warning";
    default: return "suggestion";
    }
}

bool View::adjoin(std::size_t word) const {
    const std::string_view between =
        std::string_view(block.prose)
            .substr(breaks.words[word].end, breaks.words[word + 1].begin - breaks.words[word].end);
    return !between.empty() && between.find_first_not_of(" \t") == std::string_view::npos;
}

View view_of(const Block& block, Language& language) {
    View view{block, language.breaker().breaks(block.prose), {}};
    view.words.reserve(view.breaks.words.size());
    for (std::size_t at = 0; at < view.breaks.words.size(); ++at) {
        view.words.push_back(&language.word(view.written(at)));
    }
    return view;
}

} // namespace drafting::prose
