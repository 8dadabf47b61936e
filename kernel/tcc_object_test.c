/* Objects that read a floating-point variable of another object by a direct address are found. */
#include "tests/support.h"

#include <elf.h>

#include "kernel/tcc_object.h"

/* An object with one relocation of that type against a symbol that is defined (section 1) or not. */
typedef struct object {
    Elf64_Ehdr head;
    Elf64_Shdr section[3]; /* none, symbols, relocations */
    Elf64_Sym symbol[2];
    Elf64_Rela relocation;
} object;

static object make(unsigned type, unsigned section) {
    object o;
    memset(&o, 0, sizeof o);
    memcpy(o.head.e_ident, ELFMAG, SELFMAG);
    o.head.e_ident[EI_CLASS] = ELFCLASS64;
    o.head.e_machine = EM_X86_64;
    o.head.e_shoff = offsetof(object, section);
    o.head.e_shnum = 3, o.head.e_shentsize = sizeof(Elf64_Shdr);
    o.section[1].sh_type = SHT_SYMTAB;
    o.section[1].sh_offset = offsetof(object, symbol), o.section[1].sh_size = sizeof o.symbol;
    o.section[2].sh_type = SHT_RELA, o.section[2].sh_link = 1;
    o.section[2].sh_offset = offsetof(object, relocation), o.section[2].sh_size = sizeof o.relocation;
    o.symbol[1].st_shndx = (Elf64_Half)section;
    o.relocation.r_info = ELF64_R_INFO(1, type);
    return o;
}

static void test_object__direct_address_of_an_undefined_symbol(void **s) {
    const object bad = make(R_X86_64_PC32, SHN_UNDEF), own = make(R_X86_64_PC32, 1);
    const object got = make(R_X86_64_GOTPCREL, SHN_UNDEF), call = make(R_X86_64_PLT32, SHN_UNDEF);
    (void)s;
    assert_false(tcc_object_is_sound(&bad, sizeof bad));
    assert_true(tcc_object_is_sound(&own, sizeof own));
    assert_true(tcc_object_is_sound(&got, sizeof got));
    assert_true(tcc_object_is_sound(&call, sizeof call));
}

static void test_object__what_cannot_be_read_is_not_sound(void **s) {
    object o = make(R_X86_64_GOTPCREL, SHN_UNDEF);
    (void)s;
    for (size_t size = 0; size < sizeof o; size++) assert_false(tcc_object_is_sound(&o, size));
    o.section[2].sh_link = 7;
    assert_false(tcc_object_is_sound(&o, sizeof o));
    o = make(R_X86_64_PC32, 1);
    o.relocation.r_info = ELF64_R_INFO(9, R_X86_64_PC32);
    assert_false(tcc_object_is_sound(&o, sizeof o));
    o.head.e_shoff = UINT64_MAX - 10;
    assert_false(tcc_object_is_sound(&o, sizeof o));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_object__direct_address_of_an_undefined_symbol),
        cmocka_unit_test(test_object__what_cannot_be_read_is_not_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
