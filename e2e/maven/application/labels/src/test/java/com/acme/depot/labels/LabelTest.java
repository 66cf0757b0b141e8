package com.acme.depot.labels;

import static org.assertj.core.api.Assertions.assertThat;

import com.acme.depot.parcels.Parcel;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class LabelTest {
    @Test
    void aLabelHasANameAndACode() {
        assertThat(Label.of(new Parcel("p1", "ada LOVELACE", Instant.EPOCH))).matches("Ada Lovelace / [0-9a-f]{8}");
    }
}
