// Times of looking at texts, as JSON.
//
// usage: noa-drafting-analysis TEXT MARKDOWN LARGE: a text of 2,000 words, Markdown of 3,000 lines,
// and a text of 10 MB. Dictionaries are read before; each figure is the median of several rounds.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "lint/desk.hpp"
#include "lint/report.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using drafting::lint::Desk;
using drafting::lint::Subject;

std::string contents(const char* path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

template <class Work>
double milliseconds(Work work) {
    const auto begin = Clock::now();
    work();
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

double median(std::vector<double> times) {
    std::ranges::sort(times);
    return times[times.size() / 2];
}

template <class Work>
double median_of(int rounds, Work work) {
    std::vector<double> times;
    times.reserve(static_cast<std::size_t>(rounds));
    for (int round = 0; round < rounds; ++round) {
        times.push_back(milliseconds([&] { work(round); }));
    }
    return median(std::move(times));
}

Subject subject_of(std::string text, std::string key = {}) {
    Subject subject;
    subject.text = std::move(text);
    subject.key = std::move(key);
    return subject;
}

bool never() {
    return false;
}

// As one that types: a letter in the middle of a line in the middle of the text.
std::string edited(std::string text, int round) {
    std::size_t at = text.size() / 2;
    while (at < text.size() && (text[at] < 'a' || text[at] > 'z')) {
        ++at;
    }
    text.insert(at, 1, static_cast<char>('a' + round % 26));
    return text;
}

// Not by getrusage: that counts what the process was before it became this program.
long peak_kib() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) {
            return std::stol(line.substr(6));
        }
    }
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fputs("usage: noa-drafting-analysis TEXT MARKDOWN LARGE\n", stderr);
        return 2;
    }
    const std::string text = contents(argv[1]);
    const std::string markdown = contents(argv[2]);
    Desk desk({});
    const double cold = milliseconds([&] { static_cast<void>(desk.analyse(subject_of(text))); });
    const double analyse =
        median_of(15, [&](int) { static_cast<void>(desk.analyse(subject_of(text))); });
    const double lint = median_of(
        9, [&](int) { static_cast<void>(desk.findings(subject_of(markdown), false, never)); });
    static_cast<void>(desk.findings(subject_of(markdown, "kept"), false, never));
    std::size_t checked = 0;
    const double edit = median_of(31, [&](int round) {
        const auto found = desk.findings(subject_of(edited(markdown, round), "kept"), false, never);
        checked = found["checked"].get<std::size_t>();
    });
    const long small_kib = peak_kib();
    const double large_lint = median_of(3, [&](int) {
        static_cast<void>(desk.findings(subject_of(contents(argv[3])), false, never));
    });
    std::printf("{\"cold_ms\": %.2f, \"analyse_ms\": %.2f, \"lint_ms\": %.2f, \"edit_ms\": %.2f, "
                "\"edit_leaves\": %zu, \"memory_kib\": %ld, \"large_ms\": %.1f, "
                "\"large_memory_kib\": %ld}\n",
                cold, analyse, lint, edit, checked, small_kib, large_lint, peak_kib());
    return desk.faults().empty() ? 0 : 1;
}
