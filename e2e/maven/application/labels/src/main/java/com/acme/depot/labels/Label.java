package com.acme.depot.labels;

import com.acme.depot.parcels.Parcel;
import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import org.apache.commons.text.WordUtils;

public final class Label {
    private Label() {
    }

    public static String of(Parcel parcel) {
        var code = Hashing.sha256().hashString(parcel.id(), StandardCharsets.UTF_8).toString().substring(0, 8);
        return WordUtils.capitalizeFully(parcel.addressee()) + " / " + code;
    }
}
