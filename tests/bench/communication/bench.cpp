// What a durable message costs: SQLite's own group commit, and the agent's, in the same run.
//
// The agent is driven through its table, without a bus: senders hand over by send_many, as many at
// a time as are told; what it delivers is acknowledged at once.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <string>

#include "noa/sdk/sqlite.hpp"
#include "noa/testing/harness.hpp"

namespace {

using Clock = std::chrono::steady_clock;

constexpr int body_bytes = 512;
constexpr int in_a_call = 64;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

void line(const char* what, double count, double seconds) {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    std::printf("%-44s %10.0f /s  %8.2f s  %6.1f MB\n", what, count / seconds, seconds,
                static_cast<double>(usage.ru_maxrss) / 1024);
}

// Rows of one table, by 256 in a transaction; `indexed`: each with an id that is unique.
double raw(const std::string& path, int rows, bool indexed) {
    auto database = noa::sqlite::Database::open(path);
    if (!database ||
        !database->execute("PRAGMA wal_autocheckpoint = 0; CREATE TABLE m(seq INTEGER PRIMARY KEY, "
                           "id TEXT NOT NULL, body BLOB NOT NULL) STRICT") ||
        (indexed && !database->execute("CREATE UNIQUE INDEX m_id ON m(id)"))) {
        std::exit(1);
    }
    auto insert = database->prepare("INSERT INTO m(id, body) VALUES(?, ?)");
    const noa::sqlite::Blob body(body_bytes);
    const auto begin = Clock::now();
    for (int row = 0; row < rows;) {
        auto transaction = database->begin();
        for (int turn = 0; turn < 256; ++turn, ++row) {
            const auto mixed = static_cast<unsigned long long>(row) * 0x9e3779b97f4a7c15U;
            if (!insert->run(std::to_string(mixed), body)) {
                std::exit(1);
            }
        }
        if (!transaction->commit()) {
            std::exit(1);
        }
    }
    return seconds_since(begin);
}

// `delivers`: false holds the recipient's breaker open, so that nothing but taking is measured.
double agent(const std::string& directory, int messages, int senders, bool delivers) {
    noa::testing::Harness agent(noa_plugin_entry_v1());
    std::filesystem::create_directory(directory);
    agent.set_state_dir(directory);
    if (!agent.run(
            R"({"max_queued": 10000000, "max_queued_recipient": 10000000, "window": 1000})")) {
        std::exit(1);
    }
    agent.on_request("r", "describe", [](const noa::testing::Sent&) {
        return noa::testing::Scripted{NOA_OK, "{}", "application/json"};
    });
    agent.on_request("r", "do", [](const noa::testing::Sent&) { return noa::testing::Scripted{}; });
    const std::string one =
        R"({"to":"r","operation":"do","body":")" + std::string(body_bytes - 2, 'x') + R"("})";
    std::string body = R"({"messages":[)";
    for (int turn = 0; turn < in_a_call; ++turn) {
        body += (turn == 0 ? "" : ",") + one;
    }
    body += "]}";
    agent.call("send", one);
    const noa_delivery first = agent.last_delivery();
    agent.run_until([&] { return agent.answer(first).settled; });
    if (!delivers) {
        agent.call("breaker.open", R"({"to":"r"})");
    }
    std::deque<noa_delivery> open;
    const auto begin = Clock::now();
    for (int sent = 0; sent < messages || !open.empty();) {
        while (sent < messages && static_cast<int>(open.size()) < senders) {
            agent.call("send_many", body);
            open.push_back(agent.last_delivery());
            sent += in_a_call;
        }
        agent.run_until([&] { return agent.answer(open.front()).settled; });
        while (!open.empty() && agent.answer(open.front()).settled) {
            if (!agent.answer(open.front()).ok()) {
                std::fprintf(stderr, "%s\n", agent.answer(open.front()).text.c_str());
                std::exit(1);
            }
            open.pop_front();
        }
    }
    const double took = seconds_since(begin);
    agent.quiesce();
    return took;
}

} // namespace

int main(int count, char** words) {
    const int messages = count > 1 ? std::atoi(words[1]) : 200'000;
    char form[] = "/tmp/noa-bench-XXXXXX";
    const std::string directory = ::mkdtemp(form);
    line("SQLite, 256 rows a commit", messages, raw(directory + "/raw.db", messages, false));
    line("SQLite, 256 rows a commit, unique id", messages,
         raw(directory + "/indexed.db", messages, true));
    line("communication, taken, 16 senders", messages,
         agent(directory + "/taken", messages, 16, false));
    line("communication, taken and acknowledged", messages,
         agent(directory + "/acked", messages, 16, true));
    std::filesystem::remove_all(directory);
    return 0;
}
