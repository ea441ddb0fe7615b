#include "link/confinement.hpp"

#include "plugin/text.hpp"

namespace noa::link {

namespace {

constexpr std::uint32_t texts_max = 64;
constexpr std::size_t text_max = 512;

void write_texts(Writer& out, const std::vector<std::string>& texts) {
    out.number(static_cast<std::uint32_t>(texts.size()));
    for (const auto& text : texts) {
        out.text(text);
    }
}

std::vector<std::string> read_texts(Reader& in) {
    std::vector<std::string> texts;
    const auto count = in.number<std::uint32_t>();
    if (count > texts_max) {
        in.refuse();
    }
    for (std::uint32_t i = 0; i < count && in.whole(); ++i) {
        texts.emplace_back(in.text());
    }
    return texts;
}

} // namespace

void write(Writer& out, const Confinement& confinement) {
    out.number(confinement.memory);
    out.number(confinement.file_size);
    out.number(confinement.files);
    out.number(std::uint8_t{confinement.processes});
    out.number(std::uint8_t{confinement.sandbox});
    out.number(std::uint8_t{confinement.network});
    write_texts(out, confinement.read);
    write_texts(out, confinement.write);
}

Confinement read_confinement(Reader& in) {
    Confinement confinement;
    confinement.memory = in.number<std::uint64_t>();
    confinement.file_size = in.number<std::uint64_t>();
    confinement.files = in.number<std::uint32_t>();
    confinement.processes = in.number<std::uint8_t>() != 0;
    confinement.sandbox = in.number<std::uint8_t>() != 0;
    confinement.network = in.number<std::uint8_t>() != 0;
    confinement.read = read_texts(in);
    confinement.write = read_texts(in);
    return confinement;
}

void write(Writer& out, const Confined& confined) {
    write_texts(out, confined.in_force);
    write_texts(out, confined.missing);
}

Confined read_confined(Reader& in) {
    Confined confined{read_texts(in), read_texts(in)};
    for (auto* texts : {&confined.in_force, &confined.missing}) {
        for (auto& text : *texts) {
            text = plugin::printable(text, text_max);
        }
    }
    return confined;
}

} // namespace noa::link
