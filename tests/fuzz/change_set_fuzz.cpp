// What the drafting agent makes of changes that others send.
#include <cstdint>
#include <cstdlib>

// Parts of a plugin, which is no library.
#include "../../plugins/drafting/model/change_combine.cpp" // NOLINT(bugprone-suspicious-include)
#include "../../plugins/drafting/model/change_set.cpp"     // NOLINT(bugprone-suspicious-include)
#include "../../plugins/drafting/model/rebase.cpp"         // NOLINT(bugprone-suspicious-include)
#include "../../plugins/drafting/model/text.cpp"           // NOLINT(bugprone-suspicious-include)

namespace {

void must(bool good) {
    if (!good) {
        std::abort();
    }
}

// Two edits of one text, in either order, come to one text.
void meet(const drafting::Text& text, const drafting::ChangeSet& a, const drafting::ChangeSet& b) {
    const auto after_a = a.apply(text);
    const auto after_b = b.apply(text);
    if (!after_a || !after_b) {
        return;
    }
    const auto b_then = b.map(a, false);
    const auto a_then = a.map(b, true);
    must(a_then && b_then);
    const auto one = b_then->apply(*after_a);
    const auto other = a_then->apply(*after_b);
    must(one && other && one->str() == other->str());
    const auto both = a.compose(*b_then);
    must(both && both->apply(text)->str() == one->str());
    must(a.invert(text)->apply(*after_a)->str() == text.str());
    for (drafting::Position at = 0; at <= text.units(); ++at) {
        must(a.map_position(at, true) <= a.map_position(at, false));
        must(a.map_position(at, false) <= after_a->units());
    }
}

} // namespace

// {"text": "…", "a": [3, [1, "x"]], "b": […]}
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto json = nlohmann::json::parse(input, nullptr, false);
    if (!json.is_object() || !json.contains("a") || !json.contains("b") || !json.contains("text") ||
        !json["text"].is_string()) {
        return 0;
    }
    const auto text = drafting::Text::of(json["text"].get_ref<const std::string&>());
    const auto a = drafting::ChangeSet::parse(json["a"]);
    const auto b = drafting::ChangeSet::parse(json["b"]);
    if (a) {
        const auto again = drafting::ChangeSet::parse(nlohmann::json::parse(a->json()));
        must(again && again->json() == a->json() && again->length() == a->length());
    }
    if (text && a && b) {
        meet(*text, *a, *b);
    }
    return 0;
}
