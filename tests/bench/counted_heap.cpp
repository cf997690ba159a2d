#include "tests/bench/counted_heap.hpp"

#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <new>

namespace {

std::size_t counted = 0;  // these programs have one thread

void* count(void* memory) {
    if (memory == nullptr) std::abort();
    counted += malloc_usable_size(memory);
    return memory;
}

void release(void* memory) {
    counted -= malloc_usable_size(memory);
    std::free(memory);
}

}  // namespace

void* operator new(std::size_t bytes) { return count(std::malloc(bytes)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    return count(std::aligned_alloc(static_cast<std::size_t>(alignment), bytes));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

namespace netft::bench {

std::size_t heap_bytes() { return counted; }

std::size_t resident_bytes() {
    unsigned long all = 0;
    unsigned long resident = 0;
    std::FILE* file = std::fopen("/proc/self/statm", "r");
    if (file == nullptr) return 0;
    if (std::fscanf(file, "%lu %lu", &all, &resident) != 2) resident = 0;
    std::fclose(file);
    return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace netft::bench
