// Bodies as an agent's operations take them: whatever the bytes, a value or an error with words.
#include <cstdint>
#include <cstdlib>

#include "noa/sdk/json.hpp"

namespace {

struct Inner {
    std::int8_t small = 0;
    noa::Duration every{0};
    static constexpr auto fields() {
        return noa::fields(noa::field("small", &Inner::small),
                           noa::optional_field("every", &Inner::every));
    }
};

struct Outer {
    std::vector<Inner> list;
    std::map<std::string, std::uint64_t> counts;
    std::optional<double> number;
    noa::ByteSize room;
    noa::Json any;
    static constexpr auto fields() {
        return noa::fields(
            noa::optional_field("list", &Outer::list),
            noa::optional_field("counts", &Outer::counts), noa::field("number", &Outer::number),
            noa::optional_field("room", &Outer::room), noa::optional_field("any", &Outer::any));
    }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto decoded = noa::sdk::Codec<Outer>::decode(text, noa::sdk::Extra::refused);
    if (!decoded && decoded.error().text.empty()) {
        std::abort();
    }
    if (decoded) { // what was read can be written, and read again
        const auto again = noa::sdk::Codec<Outer>::decode(noa::json_body(*decoded).bytes,
                                                          noa::sdk::Extra::refused);
        if (!again) {
            std::abort();
        }
    }
    (void)noa::parse_duration(text).has_value();
    (void)noa::parse_size(text).has_value();
    std::string quoted;
    noa::sdk::append_json(quoted, text);
    if (!noa::Json::accept(quoted)) {
        std::abort();
    }
    return 0;
}
