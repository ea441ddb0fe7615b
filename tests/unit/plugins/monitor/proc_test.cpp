#include "collect/proc.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using monitor::Kind;
using monitor::Labels;
using monitor::Sample;
using monitor::Samples;
using ::testing::IsEmpty;
using ::testing::SizeIs;

double value_of(const Samples& all, std::string_view name, const Labels& labels = {}) {
    for (const Sample& one : all) {
        if (one.name == name && one.labels == labels) {
            return one.value;
        }
    }
    ADD_FAILURE() << name << " is missing";
    return -1;
}

TEST(Proc, CoresAreTakenApartAndTheirSumLeftOut) {
    Samples all;
    monitor::read_cpu("cpu  30 0 0 70 0 0 0 0 0 0\n"
                      "cpu0 10 1 2 30 4 5 6 7 0 0\ncpu1 20 0 0 40 0 0 0 0 0 0\nintr 1 2\n",
                      100, all);
    EXPECT_THAT(all, SizeIs(16));
    EXPECT_EQ(value_of(all, "noa_system_cpu_seconds_total", {{"cpu", "0"}, {"mode", "user"}}), 0.1);
    EXPECT_EQ(value_of(all, "noa_system_cpu_seconds_total", {{"cpu", "0"}, {"mode", "steal"}}),
              0.07);
    EXPECT_EQ(value_of(all, "noa_system_cpu_seconds_total", {{"cpu", "1"}, {"mode", "idle"}}), 0.4);
}

TEST(Proc, MemoryIsInBytes) {
    Samples all;
    monitor::read_memory("MemTotal:  2048 kB\nMemAvailable: 1024 kB\nHugePages_Total:   0\n", all);
    EXPECT_EQ(value_of(all, "noa_system_memory_total_bytes"), 2097152);
    EXPECT_EQ(value_of(all, "noa_system_memory_available_bytes"), 1048576);
    EXPECT_THAT(all, SizeIs(2));
}

TEST(Proc, LoadIsOfThreeSpans) {
    Samples all;
    monitor::read_load("1.86 3.63 5.61 5/116 27902\n", all);
    EXPECT_EQ(value_of(all, "noa_system_load1"), 1.86);
    EXPECT_EQ(value_of(all, "noa_system_load15"), 5.61);
}

TEST(Proc, DisksThatWereNeverUsedAreLeftOut) {
    Samples all;
    monitor::read_disks("   7  0 loop0 0 0 0 0 0 0 0 0 0 0 0\n"
                        " 254  0 vda 10 1 8 20 30 2 16 40 0 1500 60 0 0\n",
                        all);
    EXPECT_THAT(all, SizeIs(5));
    EXPECT_EQ(value_of(all, "noa_system_disk_read_bytes_total", {{"device", "vda"}}), 4096);
    EXPECT_EQ(value_of(all, "noa_system_disk_written_bytes_total", {{"device", "vda"}}), 8192);
    EXPECT_EQ(value_of(all, "noa_system_disk_busy_seconds_total", {{"device", "vda"}}), 1.5);
}

TEST(Proc, NetworkIsByDevice) {
    Samples all;
    monitor::read_network("Inter-|   Receive |  Transmit\n face |bytes packets\n"
                          "    lo: 5 6 7 8 0 0 0 0 9 10 11 12 0 0 0 0\neth0:1:1 0 0 0 0 0 0 0 2\n",
                          all);
    EXPECT_EQ(value_of(all, "noa_system_network_receive_bytes_total", {{"device", "lo"}}), 5);
    EXPECT_EQ(value_of(all, "noa_system_network_transmit_dropped_total", {{"device", "lo"}}), 12);
    EXPECT_EQ(value_of(all, "noa_system_network_transmit_bytes_total", {{"device", "eth0:1"}}), 2);
}

TEST(Proc, PressureIsInSeconds) {
    Samples all;
    monitor::read_pressure("some avg10=26.95 avg60=19.18 avg300=43.64 total=38000000\n"
                           "full avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\n",
                           "io", all);
    EXPECT_EQ(
        value_of(all, "noa_system_pressure_seconds_total", {{"resource", "io"}, {"share", "some"}}),
        38);
}

TEST(Proc, AProcessMayBeCalledAnything) {
    Samples all;
    monitor::read_process("7 (a) b) (c) S 1 7 7 0 -1 4194560 1 2 3 4 150 50 0 0 20 0 9 0 1 "
                          "100000 25 18446744073709551615\n",
                          100, 4096, all);
    EXPECT_EQ(value_of(all, "process_cpu_seconds_total"), 2);
    EXPECT_EQ(value_of(all, "process_threads"), 9);
    EXPECT_EQ(value_of(all, "process_resident_memory_bytes"), 102400);
}

TEST(Proc, WhatIsNoNumberIsLeftOut) {
    for (const char* text : {"", "\n\n", "cpu0", "cpu0 -1 x 1e3 0x5 nan inf", "MemTotal: many kB",
                             ":", "a:", "some", "some a b c total=", "(", ")", ") S"}) {
        Samples all;
        monitor::read_cpu(text, 100, all);
        monitor::read_memory(text, all);
        monitor::read_load(text, all);
        monitor::read_disks(text, all);
        monitor::read_network(text, all);
        monitor::read_pressure(text, "cpu", all);
        monitor::read_process(text, 100, 4096, all);
        EXPECT_THAT(all, IsEmpty()) << text;
    }
}

TEST(Proc, LinesAreBounded) {
    std::string text;
    for (std::size_t line = 0; line < 2 * monitor::max_proc_lines; ++line) {
        text += "cpu" + std::to_string(line) + " 1\n";
    }
    Samples all;
    monitor::read_cpu(text, 100, all);
    EXPECT_THAT(all, SizeIs(monitor::max_proc_lines));
}

} // namespace
