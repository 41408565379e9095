/* SPDX-License-Identifier: MIT */
/* Reading the battery-backed clock: twice, until both readings agree, since it may be
 * counting on in between. Source: Motorola MC146818 data sheet. */
#include "kernel/time/cmos.h"

#include "kernel/cpu/io.h"
#include "lib/string.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define CMOS_STATUS_A 0x0a
#define CMOS_UPDATING 0x80
#define CMOS_STATUS_B 0x0b
#define CMOS_24_HOURS 0x02
#define CMOS_BINARY 0x04
#define CMOS_PM 0x80

enum { SECOND, MINUTE, HOUR, DAY, MONTH, YEAR, FIELDS };
static const uint8_t field_index[FIELDS] = {0x00, 0x02, 0x04, 0x07, 0x08, 0x09};

static uint8_t cmos_read(uint8_t index)
{
	outb(CMOS_INDEX, index);
	return inb(CMOS_DATA);
}

static void fields_read(uint8_t fields[FIELDS])
{
	while (cmos_read(CMOS_STATUS_A) & CMOS_UPDATING)
		continue;
	for (int i = 0; i < FIELDS; i++)
		fields[i] = cmos_read(field_index[i]);
}

static void fields_to_binary(uint8_t fields[FIELDS])
{
	uint8_t status = cmos_read(CMOS_STATUS_B);
	bool afternoon = !(status & CMOS_24_HOURS) && fields[HOUR] & CMOS_PM;
	if (!(status & CMOS_24_HOURS))
		fields[HOUR] &= ~CMOS_PM;
	if (!(status & CMOS_BINARY))
		for (int i = 0; i < FIELDS; i++)
			fields[i] = (fields[i] >> 4) * 10 + (fields[i] & 0xf);
	if (!(status & CMOS_24_HOURS))
		fields[HOUR] = fields[HOUR] % 12 + (afternoon ? 12 : 0);
}

/* Days from 1970-01-01 to the date: years counted from March, so that the leap day is
 * the last of a year, and 153 days in every five months from there. */
static uint32_t days_from_date(uint32_t year, uint32_t month, uint32_t day)
{
	if (month <= 2)
		year--;
	uint32_t month_from_march = (month + 9) % 12;
	uint32_t leap_days = year / 4 - year / 100 + year / 400;
	uint32_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
	return 365 * year + leap_days + day_of_year - 719468;
}

uint64_t cmos_seconds(void)
{
	uint8_t fields[FIELDS], again[FIELDS];
	do {
		fields_read(fields);
		fields_read(again);
	} while (memcmp(fields, again, sizeof(fields)) != 0);
	fields_to_binary(fields);

	uint32_t year = 2000 + fields[YEAR];
	uint64_t days = days_from_date(year, fields[MONTH], fields[DAY]);
	return ((days * 24 + fields[HOUR]) * 60 + fields[MINUTE]) * 60 + fields[SECOND];
}
