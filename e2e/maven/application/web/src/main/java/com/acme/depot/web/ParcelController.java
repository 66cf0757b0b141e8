package com.acme.depot.web;

import com.acme.depot.labels.Label;
import com.acme.depot.parcels.Parcel;
import com.acme.depot.store.ParcelStore;
import jakarta.validation.constraints.NotBlank;
import java.time.Instant;
import org.springframework.http.ResponseEntity;
import org.springframework.validation.annotation.Validated;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@Validated
public class ParcelController {
    private final ParcelStore store;

    public ParcelController(ParcelStore store) {
        this.store = store;
    }

    @PostMapping("/parcels/{id}")
    public Parcel accept(@PathVariable("id") @NotBlank String id, @RequestParam("addressee") @NotBlank String addressee) {
        var parcel = new Parcel(id, addressee, Instant.parse("2026-01-01T12:00:00Z"));
        store.put(parcel);
        return parcel;
    }

    @GetMapping("/parcels/{id}/label")
    public ResponseEntity<String> label(@PathVariable("id") String id) {
        return ResponseEntity.of(store.find(id).map(Label::of));
    }
}
